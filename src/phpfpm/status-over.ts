import { channelOver, type DuplexStreams } from "../gateway/fetch-over.js";
import { parseStatusPage } from "./page.js";
import type { PoolStatus } from "./pool-status.js";
import { type PageOptions, readPage } from "./read-page.js";
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
