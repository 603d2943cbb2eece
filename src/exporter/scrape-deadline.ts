import { ErrorCode, GatewayError } from "../errors.js";

/** The header by which Prometheus says how long it waits for a scrape. */
const HEADER = "x-prometheus-scrape-timeout-seconds";

export interface DeadlineSettings {
  /** Milliseconds that a scrape may take at the most. */
  readonly scrapeTimeout: number;
  /** Milliseconds by which the answer is earlier than the scraper's own timeout. */
  readonly timeoutOffset: number;
}

/**
 * Milliseconds in which a scrape has to be answered: the lower of the setting and what the scraper
 * announces, less an offset for the way. A timeout shorter than two offsets is halved instead.
 *
 * @throws GatewayError `bad_input` for a timeout that is not a number of seconds
 */
export function scrapeDeadline(
  headers: Headers,
  { scrapeTimeout, timeoutOffset }: DeadlineSettings,
): number {
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
