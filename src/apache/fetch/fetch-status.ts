import { type IncomingMessage, type OutgoingHttpHeaders, request as sendRequest } from "node:http";
import type { Socket } from "node:net";
import { concat } from "../../bytes.js";
import { timerDelay } from "../../client/exchange.js";
import { ErrorCode, GatewayError, withAddress } from "../../errors.js";
import { type WorkerPage, WorkerPageReader } from "../page/html-page.js";
import { refusedPage } from "../page/not-a-status-page.js";
import type { WorkerRow } from "../page/worker-row.js";
import { type FetchProgress, fetchError, noPage } from "./fetch-errors.js";
import {
  leadsElsewhere,
  MOST_REDIRECTS,
  redirectOf,
  redirectRefused,
  redirectTarget,
  tooManyRedirects,
} from "./redirects.js";
import { connectionOf, connectTo, type StatusConnection } from "./status-connection.js";
import { checkHost, requestHeaders, type StatusHeaders } from "./status-headers.js";
import { parseStatusUrl, shownUrl } from "./status-url.js";

export interface FetchServerStatusOptions {
  /**
   * Milliseconds that the whole page may take, including name resolution, the connection and
   * redirects. Default: 10,000; 0 leaves no time; Infinity sets no limit but that of a timer, 24.8 days.
   */
  readonly timeout?: number | undefined;
  /** The longest page that is accepted, in bytes. Default: 67,108,864 (64 MiB). */
  readonly maxLength?: number | undefined;
  /**
   * The host name of the request, such as `www.example.com`, and for https the name that the
   * certificate must have. The connection still goes to the address in the URL. Default: the host of
   * the URL.
   */
  readonly host?: string | undefined;
  /** More header fields. They are not sent to another server after a redirect. Default: none. */
  readonly headers?: StatusHeaders | undefined;
  /** Whether to accept any certificate, with any name. Default: false. */
  readonly insecure?: boolean | undefined;
  /**
   * Whether to follow a redirect to another origin. The page then names processes of another
   * server, and none may be killed because of it. Default: false.
   */
  readonly followOrigins?: boolean | undefined;
  /** Whether to follow redirects at all. Default: true. */
  readonly redirects?: boolean | undefined;
  /** Called when the response begins: httpd has just made the page. */
  readonly onAnswer?: (() => void) | undefined;
  /** Cancels the request. */
  readonly signal?: AbortSignal | undefined;
}

/** A page as it was received. */
export interface ServerStatusPage extends Arrival {
  readonly page: Uint8Array;
}

/** Where a page came from. */
interface Arrival {
  /** Its URL without credentials, after redirects. */
  readonly url: string;
  /** Whether a redirect led to another origin. */
  readonly isElsewhere: boolean;
  /** The addresses of its connection; `undefined` if httpd had already closed it. */
  readonly connection: StatusConnection | undefined;
}

const DEFAULT_TIMEOUT = 10_000;
const MAX_LENGTH = 67_108_864;

/**
 * Requests a status page over a new connection.
 *
 * @param url may contain a user name and a password
 * @throws GatewayError for anything but a response with status 200
 */
export async function fetchServerStatusPage(
  url: string,
  options: FetchServerStatusOptions = {},
): Promise<ServerStatusPage> {
  const pieces: Uint8Array[] = [];
  const arrival = await readPage(url, options, (piece) => pieces.push(piece));
  return { page: concat(pieces), ...arrival };
}

/**
 * Requests the HTML page, and parses it as it arrives.
 *
 * @throws GatewayError as {@link fetchServerStatusPage}, and when the page has no workers
 */
export async function fetchWorkerPage(
  url: string,
  options: FetchServerStatusOptions = {},
): Promise<WorkerPage> {
  const rows: WorkerRow[] = [];
  const reader = new WorkerPageReader((row) => rows.push(row));
  const { connection } = await readPage(url, options, (piece) => reader.write(piece));
  try {
    return { rows, ...reader.end(), connection };
  } catch (error) {
    throw withAddress(error, shownUrl(url));
  }
}

async function readPage(
  text: string,
  options: FetchServerStatusOptions,
  onPiece: (piece: Uint8Array) => void,
): Promise<Arrival> {
  const { timeout = DEFAULT_TIMEOUT, signal: cancel } = options;
  const { shown } = parseStatusUrl(text);
  const progress: FetchProgress = { stage: "connecting", isSecure: false, received: 0 };
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, Math.ceil(timerDelay("timeout", timeout)));
  cancel?.addEventListener("abort", abort);
  if (cancel?.aborted) abort();
  try {
    return await followRedirects(text, options, { signal: stop.signal, progress, onPiece });
  } catch (error) {
    if (error instanceof GatewayError) throw error.with({ address: shown });
    const isStopped = stop.signal.aborted;
    const stopped = !isStopped ? undefined : cancel?.aborted ? "cancelled" : "deadline";
    throw fetchError(shown, error, { progress, timeout, stopped });
  } finally {
    clearTimeout(timer);
    cancel?.removeEventListener("abort", abort);
  }
}

/** The request for a page. With redirects it takes several exchanges. */
interface Reading {
  readonly signal: AbortSignal;
  readonly progress: FetchProgress;
  readonly onPiece: (piece: Uint8Array) => void;
}

/** What is requested from one server. */
interface Question {
  readonly url: URL;
  /** The Host. */
  readonly host: string;
  readonly headers: OutgoingHttpHeaders;
  readonly insecure: boolean;
}

async function followRedirects(
  text: string,
  options: FetchServerStatusOptions,
  reading: Reading,
): Promise<Arrival> {
  const { maxLength = MAX_LENGTH, insecure = false } = options;
  const { url: first, shown, authorization } = parseStatusUrl(text);
  if (options.host !== undefined) checkHost(options.host);
  let question: Question = {
    url: first,
    host: options.host ?? first.host,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...requestHeaders(options.headers ?? {}),
    },
    insecure,
  };
  let isElsewhere = false;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const { socket, response } = await ask(question, reading);
    try {
      const location = redirectOf(response);
      if (location === undefined) {
        const connection = connectionOf(socket);
        options.onAnswer?.();
        await readBody(response, shown, maxLength, reading);
        return { url: isElsewhere ? question.url.href : shown, isElsewhere, connection };
      }
      if (options.redirects === false) throw redirectRefused(shown, location);
      const target = redirectTarget(location, question, shown);
      if (target.isElsewhere && !options.followOrigins) throw leadsElsewhere(shown, location);
      isElsewhere ||= target.isElsewhere;
      // Credentials and the Host are not sent to another server.
      question = target.isElsewhere
        ? { url: target.url, host: target.url.host, headers: requestHeaders({}), insecure }
        : { ...question, url: target.url };
    } finally {
      socket.destroy();
    }
  }
  throw tooManyRedirects(shown);
}

interface Exchange {
  readonly socket: Socket;
  readonly response: IncomingMessage;
}

async function ask(
  { url, host, headers, insecure }: Question,
  { signal, progress }: Reading,
): Promise<Exchange> {
  progress.stage = "connecting";
  progress.isSecure = url.protocol === "https:";
  const socket = await connectTo(url, {
    serverName: new URL(`http://${host}/`).hostname,
    insecure,
    signal,
    onConnected: () => {
      progress.stage = "securing";
    },
  });
  progress.stage = "waiting";
  try {
    return { socket, response: await sendOver(socket, { host, ...headers }, url, signal) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function sendOver(
  socket: Socket,
  headers: OutgoingHttpHeaders,
  url: URL,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // No agent, which would keep the connection, and no proxy from the environment.
    const request = sendRequest({
      createConnection: () => socket,
      path: url.pathname + url.search,
      setHost: false,
      headers,
      signal,
    });
    request.once("response", resolve);
    request.on("error", reject);
    request.end();
  });
}

async function readBody(
  response: IncomingMessage,
  shown: string,
  maxLength: number,
  { progress, onPiece }: Reading,
): Promise<void> {
  if (response.statusCode !== 200) throw refusedPage(shown, response.statusCode ?? 0);
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw noPage(
      shown,
      ErrorCode.Malformed,
      `It is compressed (${encoding}), which was not requested.`,
      "turn compression off for the status page, in httpd or in the proxy before it",
    );
  }
  progress.stage = "reading";
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    progress.received += piece.length;
    if (progress.received > maxLength) throw tooLong(shown, maxLength);
    onPiece(piece);
  }
}

function tooLong(url: string, maxLength: number): GatewayError {
  const message = `the page is longer than ${maxLength} bytes`;
  const hint = "no status page is that long: check the URL";
  const options = { address: url, offset: maxLength, hint };
  return new GatewayError(ErrorCode.LimitExceeded, message, options);
}
