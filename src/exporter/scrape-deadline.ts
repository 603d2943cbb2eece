import { ErrorCode, GatewayError } from "../errors.js";

/** The header by which Prometheus says how long it waits for a scrape. */
const HEADER = "x-prometheus-scrape-timeout-seconds";

/**
 * Milliseconds that the metrics of a target take to be written and sent: 10,000 pools of five
 * processes are 85 MB, and take about a second.
 */
const WRITING = 0.1;

export interface DeadlineSettings {
  /** Milliseconds that a scrape may take at the most. */
  readonly scrapeTimeout: number;
  /** Milliseconds by which the answer is earlier than the scraper's own timeout. */
  readonly timeoutOffset: number;
}

/**
 * Milliseconds after which the targets of a scrape are no longer waited for: the lower of the setting
 * and what the scraper announces, less an offset for the way, and the time to write the answer. Each
 * of these two takes at most half of the time that there is.
 *
 * @param targets how many targets the answer has
 * @throws GatewayError `bad_input` for a timeout that is not a number of seconds
 */
export function scrapeDeadline(headers: Headers, settings: DeadlineSettings, targets = 0): number {
  const timeout = answerTime(headers, settings);
  return Math.max(timeout - targets * WRITING, timeout / 2);
}

function answerTime(headers: Headers, { scrapeTimeout, timeoutOffset }: DeadlineSettings): number {
  const text = headers.get(HEADER);
  if (text === null) return scrapeTimeout;
  const timeout =
    1_000 * (/^\d+(\.\d*)?(e[-+]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN);
  if (!(timeout > 0)) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `X-Prometheus-Scrape-Timeout-Seconds is ${JSON.stringify(text)}, not a number of seconds`,
    );
  }
  return Math.min(Math.max(timeout - timeoutOffset, timeout / 2), scrapeTimeout);
}
