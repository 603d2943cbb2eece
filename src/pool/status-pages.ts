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
 * The pool's own pages, when a request asks for one of them. Its path is SCRIPT_NAME, as PHP-FPM
 * has it, or where a front end sends none, PATH_INFO. Both are decoded and without dots: REQUEST_URI
 * must have the same path, in the very bytes that the client sent. What a front end refuses to
 * clients as `/status` is then not here as `/%73tatus` or `/x/../status`.
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
 * Serves a pool's pages on a listener of their own, as php-fpm's `pm.status_listen` does.
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
