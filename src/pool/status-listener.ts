import { type GatewayServer, serve } from "../server/serve.js";
import type { PoolSettings } from "./options.js";
import type { Scoreboard } from "./scoreboard/scoreboard.js";
import { pageFor } from "./status-pages.js";

/**
 * Serves a pool's pages on a listener of their own, as php-fpm's `pm.status_listen` does.
 *
 * @throws GatewayError when it cannot listen
 */
export function serveStatus(
  listen: NonNullable<PoolSettings["statusListen"]>,
  { statusPath = "/status", pingPath, pingResponse, permissions }: PoolSettings,
  board: Scoreboard,
): Promise<GatewayServer> {
  const { mode: socketMode, uid: socketOwner, gid: socketGroup } = permissions;
  const pages = { statusPath, pingPath, pingResponse };
  return serve(
    (_request, { variables }) =>
      pageFor(variables, board, pages) ?? new Response("File not found.\n", { status: 404 }),
    { listen, socketMode: socketMode ?? "umask", socketOwner, socketGroup },
  );
}
