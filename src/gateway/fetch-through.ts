import type { ClientMachine } from "../cgi/client-machine.js";
import type { Variable } from "../cgi/variable.js";
import {
  type RequestVariablesOptions,
  variablesFromRequest,
} from "../cgi/variables-from-request.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiClient } from "../fastcgi/client.js";
import { defaultLimits, type Limits } from "../limits.js";
import { type ClientProtocol, Protocol } from "../transport/address.js";
import type { BodySource } from "./body-sender.js";
import type { OpenChannel } from "./channel.js";
import { createMachineFor, type MachineOptions } from "./create-machine.js";
import { Exchange } from "./exchange.js";
import type { GatewayResponse } from "./gateway-response.js";
import { contentOf, type RequestContent } from "./request-content.js";
import { ResponseReceiver } from "./response-receiver.js";

export interface FetchOptions extends RequestVariablesOptions, MachineOptions {
  /** A filter's file, sent as DATA behind the body. */
  data?: FilterData | undefined;
  /** Milliseconds until the answer must be complete, its body included. Default 30,000. */
  timeout?: number | undefined;
  /** Milliseconds until the answer's head must be here. Default: as `timeout`. */
  headTimeout?: number | undefined;
  /** Milliseconds that a cancelled request is still read for, unseen. Default 1,000. */
  drainTimeout?: number | undefined;
  signal?: AbortSignal | undefined;
  limits?: Partial<Limits> | undefined;
  /**
   * Bytes of the answer that are kept for a slow reader before the backend is made to wait.
   * Default 8 MiB: below it, no reader of the body delays the close, which frees the worker.
   */
  bufferedBody?: number | undefined;
  /** What the backend writes to its error stream, as it comes: a copy. */
  onStderr?: ((bytes: Uint8Array) => void) | undefined;
}

/** The file that a filter filters (FastCGI 1.0 §6.4). */
export interface FilterData {
  content: ReadableStream<Uint8Array> | Uint8Array;
  /** Its length in bytes. */
  length: number;
  lastModified: Date;
}

/**
 * Sends a request over a channel. The response comes when its head is there; its body streams.
 *
 * @throws GatewayError
 */
export async function fetchThrough(
  open: OpenChannel,
  protocol: ClientProtocol,
  request: Request,
  options: FetchOptions = {},
): Promise<GatewayResponse> {
  const limits = { ...defaultLimits, ...options.limits };
  const timeout = options.timeout ?? 30_000;
  const started = performance.now();
  const signal = AbortSignal.any([request.signal, ...(options.signal ? [options.signal] : [])]);
  const body = await readContent(request, options.contentLength, timeout, signal);
  const variables = [
    ...variablesFromRequest(request, {
      ...options,
      scriptName: options.scriptName ?? defaultScriptName(protocol),
      contentLength: body.length,
    }),
    ...filterVariables(options.data),
  ];
  const contentLength = body.length ?? 0;
  const createMachine = createMachineFor(protocol, variables, contentLength, limits, options);
  const receiver = new ResponseReceiver(protocol, request.method, limits, options);
  const exchange = new Exchange(open, createMachine, receiver, {
    timeout: Math.max(1, timeout - (performance.now() - started)),
    drainTimeout: options.drainTimeout,
    signal,
    bodies: (machine) => bodySources(machine, body, options),
  });
  receiver.start(exchange);
  if (options.headTimeout !== undefined) {
    const timer = setTimeout(
      () => exchange.abandon(late("head", options.headTimeout)),
      options.headTimeout,
    );
    receiver.response.catch(() => {}).finally(() => clearTimeout(timer));
  }
  return receiver.response;
}

/** The body, under the deadline of the whole exchange. */
async function readContent(
  request: Request,
  length: number | undefined,
  timeout: number,
  signal: AbortSignal,
): Promise<RequestContent> {
  const deadline = AbortSignal.timeout(Math.ceil(timeout));
  try {
    return await contentOf(request, length, AbortSignal.any([signal, deadline]));
  } catch (error) {
    throw deadline.aborted && !signal.aborted ? late("request body", timeout) : error;
  }
}

function late(what: string, timeout: number | undefined): GatewayError {
  return new GatewayError(ErrorCode.Deadline, `no complete ${what} within ${timeout} ms`);
}

/**
 * An application behind SCGI or uwsgi answers all paths, and reads them from PATH_INFO; FastCGI and
 * CGI run the script that the path names.
 */
function defaultScriptName(protocol: ClientProtocol): string | undefined {
  return protocol === Protocol.Scgi || protocol === Protocol.Uwsgi ? "" : undefined;
}

function filterVariables(data: FilterData | undefined): Variable[] {
  if (data === undefined) return [];
  return [
    ["FCGI_DATA_LAST_MOD", `${Math.floor(data.lastModified.getTime() / 1000)}`],
    ["FCGI_DATA_LENGTH", `${data.length}`],
  ];
}

function bodySources(
  machine: ClientMachine,
  body: RequestContent,
  { data }: FetchOptions,
): BodySource[] {
  const sources: BodySource[] = [
    { ...body, encode: (bytes) => machine.body(bytes), end: () => machine.endBody() },
  ];
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
