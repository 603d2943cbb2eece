import type { Variable } from "../cgi/variables.js";

/** A page that PHP-FPM itself answers, by the path that the pool's configuration gives it. */
export interface PagePath {
  path: string;
  query: string;
}

/**
 * The variables that RFC 3875 §4.1 requires of every request, and SCRIPT_FILENAME, without which
 * PHP-FPM answers 404. PHP-FPM needs only the first four; Go's net/http/fcgi answers 500 without
 * SERVER_PROTOCOL.
 */
export function pageVariables({ path, query }: PagePath): Variable[] {
  return [
    ["SCRIPT_NAME", path],
    ["SCRIPT_FILENAME", path],
    ["QUERY_STRING", query],
    ["REQUEST_METHOD", "GET"],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["SERVER_SOFTWARE", "fcgi-probe"],
    ["SERVER_NAME", "localhost"],
    ["SERVER_PORT", "80"],
    ["REMOTE_ADDR", "127.0.0.1"],
  ];
}
