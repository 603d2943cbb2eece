import { type ClientProtocol, Protocol } from "../address.js";
import { ByteCollector } from "../bytes.js";
import type { ClientMachine } from "../cgi/client-machine.js";
import type { Variable } from "../cgi/variables.js";
import {
  type RequestVariablesOptions,
  variablesFromRequest,
} from "../cgi/variables-from-request.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiClient } from "../fastcgi/client.js";
import { defaultLimits, type Limits } from "../limits.js";
import { EventLoopYield } from "../transport/event-loop-yield.js";
import type { OpenChannel } from "./channel.js";
import { type ClientMachineOptions, createMachineFor } from "./client-machines.js";
import { Exchange, timerDelay } from "./exchange.js";
import {
  type GatewayResponse,
  type ReceiverOptions,
  ResponseReceiver,
} from "./response-receiver.js";
import { type BodySource, bodyChunk, bodySource, type RequestContent } from "./send-body.js";

/** Where a request goes. */
export interface Backend {
  open: OpenChannel;
  protocol: ClientProtocol;
  /** The address as the user wrote it, for error messages. */
  address?: string | undefined;
}

/** A request as a gateway protocol carries it. */
export interface OutgoingRequest {
  /** The HTTP method: the answer to HEAD has no body. */
  method: string;
  variables: readonly Variable[];
  body: RequestContent;
}

/** The file that a filter filters (FastCGI 1.0 §6.4). */
export interface FilterData {
  /** The bytes of the file. */
  content: ReadableStream<Uint8Array> | Uint8Array;
  /** The length of the file, in bytes. */
  length: number;
  /** The time at which the file was last modified, sent in whole seconds. */
  lastModified: Date;
}

export interface SendOptions extends ClientMachineOptions, ReceiverOptions {
  /** The file for an application in the role of a filter. It is sent as DATA, after the body. */
  data?: FilterData | undefined;
  /**
   * Milliseconds that the whole answer may take, its body included. Default: 30,000; 0 leaves no time; more than a timer can wait, such as Infinity, is 24.8 days.
   */
  timeout?: number | undefined;
  /**
   * Milliseconds that the head of the answer may take. Default: no limit but `timeout`; 0 leaves no
   * time.
   */
  headTimeout?: number | undefined;
  /**
   * Milliseconds that the answer of a cancelled request is still read and discarded. Default: 1,000;
   * 0 closes the connection at once. A worker of php-fpm 8.2 that writes a long status page to a unix
   * socket whose client has left ends with code 70.
   */
  drainTimeout?: number | undefined;
  /** Cancels the request. */
  signal?: AbortSignal | undefined;
  /** Limits of what is sent and received, see {@link Limits}. Default: `defaultLimits`. */
  limits?: Partial<Limits> | undefined;
}

export interface FetchOptions extends RequestVariablesOptions, SendOptions {}

/** A body of unknown length is read to its end first, up to this many bytes. */
const MAX_BUFFERED = 1_048_576;

/** Milliseconds for a request whose caller sets no other time. */
export const defaultRequestTimeout = 30_000;

/**
 * Sends a request to a backend. The response is returned as soon as its head is complete; its body
 * streams.
 *
 * @throws GatewayError
 */
export async function fetchThrough(
  backend: Backend,
  request: Request,
  options: FetchOptions = {},
): Promise<GatewayResponse> {
  const timeout = timerDelay("timeout", options.timeout ?? defaultRequestTimeout);
  const started = performance.now();
  const signal = anySignal(request.signal, options.signal);
  const body = await contentInTime(request, options.contentLength, timeout, signal);
  const variables = [
    ...variablesFromRequest(request, {
      ...options,
      scriptName: options.scriptName ?? defaultScriptName(backend.protocol),
      contentLength: body.length,
    }),
    ...filterVariables(options.data),
  ];
  const { method } = request;
  return sendThrough(
    backend,
    { method, variables, body },
    { ...options, signal },
    performance.now() - started,
  );
}

/**
 * Sends variables and a body to a backend as they are, see {@link fetchThrough}.
 *
 * @param elapsed milliseconds of the timeout that have passed already
 */
export function sendThrough(
  { open, protocol, address }: Backend,
  { method, variables, body }: OutgoingRequest,
  options: SendOptions,
  elapsed = 0,
): Promise<GatewayResponse> {
  const { headTimeout } = options;
  const headDelay = headTimeout === undefined ? 0 : timerDelay("headTimeout", headTimeout);
  const limits = { ...defaultLimits, ...options.limits };
  const contentLength = promisedLength(variables) ?? body.length ?? 0;
  const createMachine = createMachineFor(protocol, variables, contentLength, limits, options);
  const receiver = new ResponseReceiver({ protocol, address }, method, limits, options);
  const exchange = new Exchange(open, createMachine, receiver, {
    timeout: options.timeout ?? defaultRequestTimeout,
    elapsed,
    drainTimeout: options.drainTimeout,
    signal: options.signal,
    bodies: (machine) => bodySources(machine, body, options),
  });
  receiver.start(exchange);
  if (headTimeout !== undefined) {
    const expire = (): void => exchange.abandon(deadlineError("head", headTimeout));
    const timer = setTimeout(expire, headDelay);
    receiver.response.catch(() => {}).finally(() => clearTimeout(timer));
  }
  return receiver.response;
}

/** A signal that aborts when that of the Request does, or that of the options. */
export function anySignal(
  ofRequest: AbortSignal,
  ofOptions: AbortSignal | null | undefined,
): AbortSignal {
  return AbortSignal.any(ofOptions ? [ofRequest, ofOptions] : [ofRequest]);
}

/** The variables that only a filter gets (FastCGI 1.0 §6.4). */
export function filterVariables(data: FilterData | undefined): Variable[] {
  if (data === undefined) return [];
  return [
    ["FCGI_DATA_LAST_MOD", `${Math.floor(data.lastModified.getTime() / 1000)}`],
    ["FCGI_DATA_LENGTH", `${data.length}`],
  ];
}

/**
 * Reads a stream to its end.
 *
 * @throws GatewayError `limit_exceeded` after 1 MiB; `aborted`
 */
export async function readWhole(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const reader = stream.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const collected = new ByteCollector();
  const loop = new EventLoopYield();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (signal.aborted) throw new GatewayError(ErrorCode.Aborted, "the request was cancelled");
      if (done) return collected.take();
      collected.push(bodyChunk(value));
      if (collected.length > MAX_BUFFERED) throw tooLong();
      // Neither a deadline nor an abort would end a stream of empty chunks.
      const turn = loop.sent(0);
      if (turn !== undefined) await turn;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** The body of a request. Reading it counts towards the time of the whole exchange. */
async function contentInTime(
  request: Request,
  length: number | undefined,
  timeout: number,
  signal: AbortSignal,
): Promise<RequestContent> {
  const deadline = AbortSignal.timeout(Math.ceil(timeout));
  try {
    return await contentOf(request, length, AbortSignal.any([signal, deadline]));
  } catch (error) {
    const isExpired = deadline.aborted && !signal.aborted;
    throw isExpired ? deadlineError("request body", timeout) : error;
  }
}

/** Gateway protocols announce the length of a body first: a body without one is read to its end. */
async function contentOf(
  request: Request,
  length: number | undefined,
  signal: AbortSignal,
): Promise<RequestContent> {
  const { body } = request;
  if (body === null) return { content: undefined, length: undefined };
  const header = request.headers.get("content-length");
  if (length !== undefined) return { content: body, length };
  if (header !== null) return { content: body, length: Number(header) };
  const content = await readWhole(body, signal);
  return { content, length: content.length };
}

/**
 * An application behind SCGI or uwsgi answers all paths, and reads them from PATH_INFO. FastCGI and
 * CGI run the script that the path names.
 */
function defaultScriptName(protocol: ClientProtocol): string | undefined {
  return protocol === Protocol.Scgi || protocol === Protocol.Uwsgi ? "" : undefined;
}

/** The length that the variables promise, which a caller may have set. */
function promisedLength(variables: readonly Variable[]): number | undefined {
  const value = variables.findLast(([name]) => name === "CONTENT_LENGTH")?.[1];
  if (typeof value !== "string" || !/^[0-9]+$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}

function bodySources(
  machine: ClientMachine,
  body: RequestContent,
  { data }: SendOptions,
): BodySource[] {
  const sources = [bodySource(machine, body)];
  if (data !== undefined && machine instanceof FastCgiClient) {
    const { content, length } = data;
    sources.push({
      content,
      length,
      encode: (bytes) => machine.data(bytes),
      end: () => machine.endData(),
    });
  }
  return sources;
}

function deadlineError(what: string, timeout: number): GatewayError {
  return new GatewayError(ErrorCode.Deadline, `no complete ${what} within ${timeout} ms`);
}

function tooLong(): GatewayError {
  return new GatewayError(
    ErrorCode.LimitExceeded,
    `the request's body is longer than ${MAX_BUFFERED} bytes and has no length`,
    { hint: "give its length: a Content-Length header, or the option contentLength" },
  );
}
