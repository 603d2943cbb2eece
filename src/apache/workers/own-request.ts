import type { StatusConnection } from "../fetch/status-connection.js";
import type { WorkerRow } from "../page/worker-row.js";

/** httpd keeps so much of a request line: its beginning, or its end (`SeeRequestTail`). */
const KEPT = 63;

/**
 * Whether a row is of the worker that has made the page, and works on nothing but our request for
 * it: which is over when we have the page.
 *
 * @param url of the page
 */
export function isOwnRequest(
  { mode, client, request }: WorkerRow,
  connection: StatusConnection | undefined,
  url: string,
): boolean {
  if (mode !== "W" || request === undefined || connection === undefined) return false;
  if (client !== connection.localAddress.replace(/^::ffff:/, "")) return false;
  const { pathname, search } = new URL(url);
  const line = `GET ${pathname}${search} HTTP/1.1`;
  return request === line.slice(0, KEPT) || request === line.slice(-KEPT);
}
