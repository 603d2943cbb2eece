import type { Variables } from "../cgi/variables.js";
import { type GatewayServer, serve } from "../server/serve.js";
import { renderStatusPage, statusFormatOf, statusMediaTypes } from "../status-page/write-page.js";
import { countersOf } from "./scoreboard/counters.js";
import type { PoolScoreboard } from "./scoreboard/scoreboard.js";
import type { PoolSettings } from "./settle-options.js";

export interface PoolPageOptions {
  statusPath: string | undefined;
  pingPath: string | undefined;
  pingResponse: string;
}

/**
 * Answers a request for one of the pool's own pages. Its path is SCRIPT_NAME, as in PHP-FPM, or
 * PATH_INFO if the front end sends no SCRIPT_NAME. Front ends decode both and resolve dots in them,
 * so the path of REQUEST_URI, in the bytes that the client sent, must be the same. A client that a
 * front end refuses `/status` then cannot get it as `/%73tatus` or `/x/../status`.
 */
export function pageFor(
  variables: Variables,
  board: PoolScoreboard,
  { statusPath, pingPath, pingResponse }: PoolPageOptions,
): Response | undefined {
  if (statusPath === undefined && pingPath === undefined) return undefined;
  const path =
    variables.filled("SCRIPT_NAME") ?? variables.filled("PATH_INFO") ?? pathOfUri(variables);
  if (path === undefined || (path !== statusPath && path !== pingPath)) return undefined;
  if ((pathOfUri(variables) ?? path) !== path) return undefined;
  if (path !== statusPath) return page(pingResponse, statusMediaTypes.text);
  const { format, full } = statusFormatOf(variables.get("QUERY_STRING") ?? "");
  return page(renderStatusPage(countersOf(board, full), format, full), statusMediaTypes[format]);
}

function pathOfUri(variables: Variables): string | undefined {
  return variables.filled("REQUEST_URI")?.split("?", 1)[0];
}

function page(body: string, mediaType: string): Response {
  return new Response(body, {
    headers: {
      "content-type": mediaType,
      expires: "Thu, 01 Jan 1970 00:00:00 GMT",
      "cache-control": "no-cache, no-store, must-revalidate, max-age=0",
    },
  });
}

/**
 * Serves a pool's pages on a separate listener, as PHP-FPM's `pm.status_listen` does.
 *
 * @throws GatewayError when it cannot listen
 */
export function serveStatus(
  listen: NonNullable<PoolSettings["statusListen"]>,
  { statusPath = "/status", pingPath, pingResponse, permissions }: PoolSettings,
  board: PoolScoreboard,
): Promise<GatewayServer> {
  const { mode: socketMode, uid: socketOwner, gid: socketGroup } = permissions;
  const pages = { statusPath, pingPath, pingResponse };
  return serve(
    (_request, { variables }) =>
      pageFor(variables, board, pages) ?? new Response("File not found.\n", { status: 404 }),
    { listen, socketMode: socketMode ?? "umask", socketOwner, socketGroup },
  );
}
