import { channelOver, type DuplexStreams } from "../client/fetch-over.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { parseStatusPage } from "../status-page/read-page.js";
import { type PageOptions, readPage } from "./fetch-page.js";
import { type StatusPageOptions, statusQuery } from "./status-query.js";

/**
 * The status of a PHP-FPM pool, read over a connection that is already open, which is closed
 * afterwards. It is asked once: there is no second connection for a retry.
 *
 * @throws GatewayError
 */
export async function statusOver(
  streams: DuplexStreams,
  options: PageOptions & StatusPageOptions = {},
): Promise<PoolStatus> {
  const page = { path: options.path ?? "/status", query: statusQuery(options) };
  const { body } = await readPage(channelOver(streams), page, { ...options, retries: 0 });
  return parseStatusPage(body);
}
