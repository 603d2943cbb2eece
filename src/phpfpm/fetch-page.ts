import { utf8 } from "../bytes.js";
import type { ResponseHead } from "../cgi/response-head.js";
import { ResponseHeadReader } from "../cgi/response-head-reader.js";
import type { Variable } from "../cgi/variables.js";
import type { OpenChannel } from "../client/channel.js";
import { collect } from "../client/collect.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiClient, type PreparedRequest, prepareRequest } from "../fastcgi/client.js";

export interface PageOptions {
  /** Milliseconds until the page must be here, retries included. Default 5,000. */
  timeout?: number | undefined;
  /** How often a page that is unavailable for a moment is asked for again. Default 1. */
  retries?: number | undefined;
  /** Milliseconds that a cancelled request is still read for, unseen. Default 1,000. */
  drainTimeout?: number | undefined;
  /** The longest page that is accepted, in bytes. Default 16 MiB. */
  maxLength?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** A page that php-fpm itself answers, by the path that the pool's configuration gives it. */
export interface PagePath {
  path: string;
  query: string;
}

const MAX_LENGTH = 16_777_216;
const SILENCE_HINT =
  "connected, but no answer in time: every worker may be busy; set pm.status_listen to read the status of a busy pool";

/** A page that php-fpm itself answered. */
export interface Page {
  head: ResponseHead;
  /** A copy. */
  body: Uint8Array;
}

/**
 * Asks php-fpm for one of its own pages.
 *
 * @throws GatewayError
 */
export async function readPage(
  open: OpenChannel,
  page: PagePath,
  options: PageOptions = {},
): Promise<Page> {
  const deadline = performance.now() + (options.timeout ?? 5_000);
  for (let attempt = 0; ; attempt++) {
    try {
      return await readOnce(open, page, deadline, options);
    } catch (error) {
      const again =
        error instanceof GatewayError &&
        error.code === ErrorCode.ServerBusy &&
        attempt < (options.retries ?? 1) &&
        performance.now() < deadline;
      if (!again) throw error;
    }
  }
}

async function readOnce(
  open: OpenChannel,
  page: PagePath,
  deadline: number,
  options: PageOptions,
): Promise<Page> {
  const request = requestFor(page);
  const { stdout, stderr } = await collect(
    open,
    (handlers) => new FastCgiClient(request, handlers),
    {
      timeout: Math.max(1, deadline - performance.now()),
      maxLength: options.maxLength ?? MAX_LENGTH,
      drainTimeout: options.drainTimeout,
      signal: options.signal,
      silenceHint: SILENCE_HINT,
    },
  ).catch(explainSize);
  const reader = new ResponseHeadReader();
  const head = readHead(reader, stdout);
  if (head === undefined) throw reader.closed().with({ stderr });
  const body = stdout.subarray(head.bodyStart);
  if (head.status < 200 || head.status > 299) throw refusal(head, body, stderr, page);
  return { head, body };
}

function readHead(reader: ResponseHeadReader, stdout: Uint8Array): ResponseHead | undefined {
  try {
    return reader.push(stdout);
  } catch (error) {
    return explainSize(error);
  }
}

/** php-fpm's own pages have small heads and no limit that a caller would raise. */
function explainSize(error: unknown): never {
  if (!(error instanceof GatewayError) || error.code !== ErrorCode.LimitExceeded) throw error;
  const { code, message, offset, stderr } = error;
  throw new GatewayError(code, message, {
    hint: "no page of php-fpm itself is like this: is this the path of pm.status_path, or ping.path?",
    offset,
    stderr,
    cause: error,
  });
}

let lastPage: PagePath | undefined;
let lastRequest: PreparedRequest | undefined;

/** A page is asked for again and again: its request is encoded once in a row. */
function requestFor(page: PagePath): PreparedRequest {
  if (lastRequest === undefined || lastPage?.path !== page.path || lastPage.query !== page.query) {
    lastPage = page;
    lastRequest = prepareRequest({ variables: variablesFor(page) });
  }
  return lastRequest;
}

/**
 * What RFC 3875 §4.1 demands of every request, and SCRIPT_FILENAME, without which php-fpm answers
 * 404. php-fpm needs no more than the first four; Go's net/http/fcgi answers 500 without
 * SERVER_PROTOCOL.
 */
function variablesFor({ path, query }: PagePath): Variable[] {
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

/** What php-fpm means by a status that is not a success. */
function refusal(
  head: ResponseHead,
  body: Uint8Array,
  stderr: string,
  { path }: PagePath,
): GatewayError {
  const text = utf8(body.subarray(0, 200)).trim();
  const said = `${head.status}${text === "" ? "" : ` (${text})`}`;
  if (head.status === 404) {
    return new GatewayError(ErrorCode.PageNotFound, `the pool has no page ${path}: ${said}`, {
      stderr,
    });
  }
  if (head.status === 403) {
    return new GatewayError(ErrorCode.AccessDenied, `the pool refuses ${path}: ${said}`, {
      stderr,
    });
  }
  if (
    head.status === 503 ||
    /scoreboard: failed to lock|unable to find or access status/.test(stderr)
  ) {
    return new GatewayError(ErrorCode.ServerBusy, `the pool was busy for a moment: ${said}`, {
      stderr,
    });
  }
  return new GatewayError(ErrorCode.BadStatus, `the pool answered ${path} with ${said}`, {
    stderr,
  });
}
