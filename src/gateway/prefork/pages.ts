import type { Variables } from "../../cgi/variables.js";
import { statusFormatOf, statusMediaTypes, statusPage } from "../status-page.js";
import { countersOf } from "./board-counters.js";
import type { Scoreboard } from "./scoreboard.js";

export interface PageOptions {
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
  board: Scoreboard,
  { statusPath, pingPath, pingResponse }: PageOptions,
): Response | undefined {
  if (statusPath === undefined && pingPath === undefined) return undefined;
  const path = pathOf(variables);
  if (path === undefined) return undefined;
  if (path === statusPath) {
    const { format, full } = statusFormatOf(variables.get("QUERY_STRING") ?? "");
    return page(statusPage(countersOf(board, full), format, full), statusMediaTypes[format]);
  }
  return path === pingPath ? page(pingResponse, statusMediaTypes.text) : undefined;
}

/** The path that all variables agree on, when they do. */
function pathOf(variables: Variables): string | undefined {
  const raw = variables.filled("REQUEST_URI")?.split("?", 1)[0];
  const path = variables.filled("SCRIPT_NAME") ?? variables.filled("PATH_INFO") ?? raw;
  return raw === undefined || raw === path ? path : undefined;
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
