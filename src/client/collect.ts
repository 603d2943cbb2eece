import { ByteCollector } from "../bytes.js";
import type { RequestEnd } from "../cgi/client-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";
import type { CreateClientMachine, OpenChannel } from "./channel.js";
import { ErrorStreamStart, Exchange, type ExchangeOptions, type ExchangeSink } from "./exchange.js";

/** A whole answer. */
export interface Answer {
  /** A copy of the response's head and body. */
  stdout: Uint8Array;
  /** What the application wrote to its error stream, decoded as UTF-8. */
  stderr: string;
  result: RequestEnd;
}

export interface CollectOptions extends ExchangeOptions {
  /** The longest answer to accept, in bytes. */
  maxLength: number;
}

/**
 * Sends a request and waits for its whole answer.
 *
 * @throws GatewayError what {@link Exchange} reports, with the application's error stream
 */
export function collect(
  open: OpenChannel,
  createMachine: CreateClientMachine,
  options: CollectOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    new Exchange(open, createMachine, new Collector(options.maxLength, resolve, reject), options);
  });
}

class Collector implements ExchangeSink {
  readonly #maxLength: number;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: GatewayError) => void;
  readonly #stdout = new ByteCollector();
  #stderr: ErrorStreamStart | undefined;

  constructor(
    maxLength: number,
    resolve: (answer: Answer) => void,
    reject: (error: GatewayError) => void,
  ) {
    this.#maxLength = maxLength;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  stdout(bytes: Uint8Array): void {
    if (this.#stdout.length + bytes.length > this.#maxLength) {
      throw new GatewayError(
        ErrorCode.LimitExceeded,
        `the answer is longer than ${this.#maxLength} bytes`,
      );
    }
    this.#stdout.push(bytes);
  }

  stderr(bytes: Uint8Array): void {
    this.#stderr ??= new ErrorStreamStart(defaultLimits.stderr);
    this.#stderr.push(bytes);
  }

  end(result: RequestEnd): void {
    this.#resolve({ stdout: this.#stdout.take(), stderr: this.#stderr?.text ?? "", result });
  }

  failed(error: GatewayError): void {
    this.#reject(error.with({ stderr: this.#stderr?.text || undefined }));
  }
}
