import { utf8 } from "../bytes.js";
import type { ResponseHead } from "../cgi/response-head.js";
import { ResponseHeadReader } from "../cgi/response-head-reader.js";
import type { OpenChannel } from "../client/channel.js";
import { checkOptions } from "../client/check-options.js";
import { collect } from "../client/collect.js";
import type { OnSilence } from "../client/exchange.js";
import { channelOver, type DuplexStreams } from "../client/fetch-over.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiClient, type PreparedRequest, prepareRequest } from "../fastcgi/client.js";
import { defaultTimeout } from "../limits.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { parseStatusPage } from "../status-page/read-page.js";
import type { StatusFormat } from "../status-page/write-page.js";
import { type PagePath, pageVariables } from "./page-variables.js";

export interface FetchPageOptions {
  /** Milliseconds within which the page must arrive. Default: 5,000; 0 leaves no time. */
  timeout?: number | undefined;
  /**
   * Milliseconds for which the answer to a cancelled request is read and discarded. Default: 1,000; 0
   * closes the connection at once.
   */
  drainTimeout?: number | undefined;
  /** The longest page to accept, in bytes. Default: 16,777,216. */
  maxLength?: number | undefined;
  /** Cancels the request. */
  signal?: AbortSignal | undefined;
}

/** How a caller keeps a request that nobody has answered in time. */
export interface SilenceOptions {
  /** Default: the request is abandoned. */
  onSilence?: OnSilence | undefined;
}

export interface StatusPageOptions extends FetchPageOptions {
  /** Whether to ask for the processes, too. Default: false. */
  full?: boolean | undefined;
  /** The format to ask for. Default: `text`, which every version has, and which is read fastest. */
  format?: StatusFormat | undefined;
  /** The path of the page, for addresses without one. Default: `/status`. */
  path?: string | undefined;
}

/** A page that PHP-FPM itself answered. */
export interface FetchedPage {
  head: ResponseHead;
  /** The body, which shares no memory with the connection. */
  body: Uint8Array;
}

/** The query that asks for a format of the status page. */
export function statusQuery({ full = false, format = "text" }: StatusPageOptions): string {
  if (format === "text") return full ? "full" : "";
  return full ? `${format}&full` : format;
}

/**
 * Reads the status of a PHP-FPM pool over a connection that is already open, and closes it. It does
 * not retry, because that needs a second connection.
 *
 * @throws GatewayError
 * @throws TypeError that names a wrong argument
 */
export async function statusOver(
  streams: DuplexStreams,
  options: StatusPageOptions = {},
): Promise<PoolStatus> {
  checkOptions("options", options);
  const page = { path: options.path ?? "/status", query: statusQuery(options) };
  return parseStatusPage((await fetchPage(channelOver(streams), page, options)).body);
}

const MAX_LENGTH = 16_777_216;
const SILENCE_HINT =
  "connected, but no answer in time: every worker may be busy: fcgi-probe doctor TARGET says why; set pm.status_listen to read the status of a busy pool";

/**
 * Asks PHP-FPM once for one of its own pages.
 *
 * @throws GatewayError
 */
export async function fetchPage(
  open: OpenChannel,
  page: PagePath,
  options: FetchPageOptions & SilenceOptions = {},
): Promise<FetchedPage> {
  const { timeout = defaultTimeout, maxLength = MAX_LENGTH, drainTimeout, signal } = options;
  const { onSilence } = options;
  const request = requestFor(page);
  const { stdout, stderr } = await collect(
    open,
    (handlers) => new FastCgiClient(request, handlers),
    { timeout, maxLength, drainTimeout, signal, silenceHint: SILENCE_HINT, onSilence },
  ).catch(explainSize);
  const reader = new ResponseHeadReader();
  let head: ResponseHead | undefined;
  try {
    head = reader.push(stdout);
  } catch (error) {
    explainSize(error);
  }
  if (head === undefined) throw reader.closed().with({ stderr });
  const body = stdout.subarray(head.bodyStart);
  if (head.status < 200 || head.status > 299) throw refusal(head, body, stderr, page);
  return { head, body };
}

/** PHP-FPM's own pages have small heads, and no limit that a caller would raise. */
function explainSize(error: unknown): never {
  if (!(error instanceof GatewayError) || error.code !== ErrorCode.LimitExceeded) throw error;
  const { code, message, offset, stderr } = error;
  throw new GatewayError(code, message, {
    hint: "PHP-FPM's own pages are smaller: check that the path is that of pm.status_path or ping.path",
    offset,
    stderr,
    cause: error,
  });
}

let last: { page: PagePath; request: PreparedRequest } | undefined;

/**
 * The request for a page, encoded once as long as the same page is asked for. Encoding it every time
 * costs a scrape 35 % and a fleet 13 % more CPU time (Node 20 and 24).
 */
function requestFor(page: PagePath): PreparedRequest {
  if (last?.page.path !== page.path || last.page.query !== page.query) {
    last = { page, request: prepareRequest({ variables: pageVariables(page) }) };
  }
  return last.request;
}

/** The error for an answer whose status is not a success. */
function refusal(
  head: ResponseHead,
  body: Uint8Array,
  stderr: string,
  { path }: PagePath,
): GatewayError {
  const text = utf8(body.subarray(0, 200)).trim();
  const answer = `${head.status}${text === "" ? "" : ` (${text})`}`;
  const isLocked = /scoreboard: failed to lock|unable to find or access status/.test(stderr);
  const error = (code: ErrorCode, message: string): GatewayError =>
    new GatewayError(code, `${message}: ${answer}`, { stderr });
  if (head.status === 404) return error(ErrorCode.PageNotFound, `the pool has no page ${path}`);
  if (head.status === 403) return error(ErrorCode.AccessDenied, `the pool refuses ${path}`);
  if (head.status === 503 || isLocked) {
    return error(ErrorCode.ServerBusy, "the pool was busy for a moment");
  }
  const message = `the pool answered ${path} with ${answer}`;
  return new GatewayError(ErrorCode.BadStatus, message, { stderr });
}
