import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../address.js";
import { utf8Bytes } from "../bytes.js";
import type { Variable } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits, type Limits } from "../limits.js";
import { type Environment, requestVariablesFromEnvironment } from "../transport/environment.js";
import { BridgeAnswer } from "./bridge-answer.js";
import { type BridgeRequest, readRequest } from "./bridge-request.js";
import { createMachineFor } from "./client-machines.js";
import { type ConnectOptions, channelsTo, targetAddress } from "./connect.js";
import { Exchange } from "./exchange.js";
import type { BodySource } from "./send-body.js";

export interface BridgeOptions extends ConnectOptions {
  /**
   * The environment that the request's variables are in. Default: this process's. Forwarded are the
   * variables of RFC 3875, those that web servers add to them (REQUEST_URI, SCRIPT_FILENAME, HTTPS
   * and the like), and HTTP_ ones without HTTP_PROXY.
   */
  env?: Environment | undefined;
  /** Names of other variables in `env` to forward. Default: none. */
  forward?: readonly string[] | undefined;
  stdin?: Readable | undefined;
  stdout?: Writable | undefined;
  stderr?: Writable | undefined;
  /**
   * Milliseconds to wait before each further try when the connection is refused: a backend that
   * restarts is worth it. Default 1,000, 2,000, 4,000, 8,000.
   */
  retryDelays?: readonly number[] | undefined;
  /** Milliseconds until the answer must be complete. Default 300,000: front ends have their own. */
  timeout?: number | undefined;
  limits?: Partial<Limits> | undefined;
  /** Gives the request up: wire SIGTERM to it, by which front ends end CGI programs. */
  signal?: AbortSignal | undefined;
}

const retryDelays = [1_000, 2_000, 4_000, 8_000];

/**
 * Being a CGI program that hands its request to a backend, as cgi2scgi does: the environment becomes
 * the variables, CONTENT_LENGTH the first of them, standard input the body, and the answer goes to
 * standard output.
 *
 * @returns the exit code: 0, what the application reported, or 1 when the answer is not complete;
 * the client has been told with 502 or 504 if nothing was sent before, and standard error says why
 * @throws GatewayError `bad_address`; `bad_input` for a name in `forward` that is none
 */
export async function bridge(
  target: string | Address,
  options: BridgeOptions = {},
): Promise<number> {
  const address = targetAddress(target);
  const { stdout = process.stdout, stderr = process.stderr } = options;
  const streams = { stdin: options.stdin ?? process.stdin, stdout, stderr };
  const variables = requestVariablesFromEnvironment(options.env, options.forward ?? []);
  try {
    return await forward(address, variables, streams, options);
  } finally {
    if (streams.stdin === process.stdin) streams.stdin.destroy();
    await new Promise<void>((resolve) => {
      if (stdout.writable) stdout.write("", () => resolve());
      else resolve();
    });
  }
}

interface Streams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** Tries again while the connection is refused: nothing of a body that streams has been read then. */
async function forward(
  address: Address,
  variables: readonly Variable[],
  { stdin, stdout, stderr }: Streams,
  options: BridgeOptions,
): Promise<number> {
  const limits = { ...defaultLimits, ...options.limits };
  const { timeout = 300_000, signal } = options;
  const delays = [...(options.retryDelays ?? retryDelays)];
  let request: BridgeRequest | undefined;
  for (;;) {
    const answer = new BridgeAnswer(address.protocol, stdout, stderr, limits);
    try {
      request ??= await readRequest(variables, stdin, timeout, signal);
      answer.start(sendRequest(address, request, answer, limits, options));
      const { appStatus } = await answer.ended;
      return Math.min(appStatus, 255);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const delay = error.code === ErrorCode.Refused ? delays.shift() : undefined;
      if (delay === undefined || signal?.aborted === true) {
        const { message, hint } = error;
        stderr.write(`fcgi-probe: ${address.text}: ${message}\nhint: ${hint}\n`);
        if (!answer.begun) stdout.write(errorPage(error));
        return 1;
      }
      await sleep(delay, undefined, { signal }).catch(() => {});
    }
  }
}

function sendRequest(
  address: Address,
  request: BridgeRequest,
  answer: BridgeAnswer,
  limits: Limits,
  options: BridgeOptions,
): Exchange {
  const { protocol } = address;
  const { variables, contentLength } = request;
  const createMachine = createMachineFor(protocol, variables, contentLength, limits, {});
  return new Exchange(channelsTo(address, options), createMachine, answer, {
    timeout: options.timeout ?? 300_000,
    signal: options.signal,
    bodies: (machine): BodySource[] => [
      {
        content: request.content(),
        length: contentLength,
        encode: (bytes) => machine.body(bytes),
        end: () => machine.endBody(),
      },
    ],
  });
}

function errorPage({ code }: GatewayError): Uint8Array {
  const isLate = code === ErrorCode.Deadline || code === ErrorCode.ConnectTimeout;
  const reason = isLate ? "504 Gateway Timeout" : "502 Bad Gateway";
  return utf8Bytes(`Status: ${reason}\r\nContent-Type: text/plain\r\n\r\n${reason}\n`);
}
