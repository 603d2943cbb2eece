import type { ClientProtocol } from "../address.js";
import type { ClientMachine } from "../cgi/client-machine.js";
import type { Variable } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiClient } from "../fastcgi/client.js";
import { defaultLimits, type Limits } from "../limits.js";
import type { OpenChannel } from "./channel.js";
import { type ClientMachineOptions, createMachineFor } from "./client-machines.js";
import { Exchange } from "./exchange.js";
import type { GatewayResponse } from "./gateway-response.js";
import type { RequestContent } from "./request-content.js";
import { type ReceiverOptions, ResponseReceiver } from "./response-receiver.js";
import type { BodySource } from "./send-body.js";

/** Where a request goes. */
export interface Backend {
  open: OpenChannel;
  protocol: ClientProtocol;
  /** The address as the user wrote it, for error messages. */
  address?: string | undefined;
}

/** A request as a gateway protocol carries it. */
export interface OutgoingRequest {
  /** An answer to HEAD has no body. */
  method: string;
  variables: readonly Variable[];
  body: RequestContent;
}

export interface SendOptions extends ClientMachineOptions, ReceiverOptions {
  /** A filter's file, sent as DATA after the body. */
  data?: FilterData | undefined;
  /** Milliseconds until the answer must be complete, its body included. Default 30,000. */
  timeout?: number | undefined;
  /** Milliseconds until the answer's head must be here. Default: as `timeout`. */
  headTimeout?: number | undefined;
  /** Milliseconds that a cancelled request is still read for, unseen. Default 1,000. */
  drainTimeout?: number | undefined;
  signal?: AbortSignal | undefined;
  limits?: Partial<Limits> | undefined;
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
export function sendThrough(
  { open, protocol, address }: Backend,
  { method, variables, body }: OutgoingRequest,
  options: SendOptions,
): Promise<GatewayResponse> {
  const limits = { ...defaultLimits, ...options.limits };
  const contentLength = promisedLength(variables) ?? body.length ?? 0;
  const createMachine = createMachineFor(protocol, variables, contentLength, limits, options);
  const receiver = new ResponseReceiver({ protocol, address }, method, limits, options);
  const exchange = new Exchange(open, createMachine, receiver, {
    timeout: options.timeout ?? 30_000,
    drainTimeout: options.drainTimeout,
    signal: options.signal,
    bodies: (machine) => bodySources(machine, body, options),
  });
  receiver.start(exchange);
  const { headTimeout } = options;
  if (headTimeout !== undefined) {
    const timer = setTimeout(() => exchange.abandon(late("head", headTimeout)), headTimeout);
    receiver.response.catch(() => {}).finally(() => clearTimeout(timer));
  }
  return receiver.response;
}

/** What was not complete in time. */
export function late(what: string, timeout: number): GatewayError {
  return new GatewayError(ErrorCode.Deadline, `no complete ${what} within ${timeout} ms`);
}

/** The variables that a filter is given besides (FastCGI 1.0 §6.4). */
export function filterVariables(data: FilterData | undefined): Variable[] {
  if (data === undefined) return [];
  return [
    ["FCGI_DATA_LAST_MOD", `${Math.floor(data.lastModified.getTime() / 1000)}`],
    ["FCGI_DATA_LENGTH", `${data.length}`],
  ];
}

/** The length that the variables promise: a caller may have put in another one than the body's. */
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
