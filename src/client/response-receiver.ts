import { Protocol } from "../address.js";
import { hasMethod } from "../arguments.js";
import type { RequestEnd } from "../cgi/client-machine.js";
import { endText } from "../cgi/program-client.js";
import { hasNullBody, responseFromHead } from "../cgi/response.js";
import type { ResponseHead } from "../cgi/response-head.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Limits } from "../limits.js";
import { AnswerHead } from "./answer-head.js";
import { asGatewayError } from "./channel.js";
import { ErrorStreamStart, type Exchange, type ExchangeSink } from "./exchange.js";

export interface ReceiverOptions {
  /**
   * Bytes of the body to buffer for a slow reader before the backend has to wait. Default: 8 MiB.
   * A slow reader of a longer body occupies the php-fpm worker for longer.
   */
  bufferedBody?: number | undefined;
  /**
   * Called with a copy of the response's head as the backend wrote it, blank line included. What it
   * throws, and a rejection of a promise that it returns, fails the request.
   */
  onHead?: ((bytes: Uint8Array) => void) | undefined;
  /**
   * Called with copies of what the backend writes to its error stream, up to `limits.stderr` bytes in
   * all. The backend has to wait until a returned promise settles; a rejection fails the request.
   * Default: these bytes are kept for the error of a failed request.
   */
  onStderr?: ((bytes: Uint8Array) => void | Promise<void>) | undefined;
}

const BUFFERED_BODY = 8_388_608;

/** A Fetch `Response`, and what a gateway protocol reports at its end. */
export interface GatewayResponse extends Response {
  /**
   * How the request ended, once the answer is complete. Rejects when the answer breaks off: reading
   * the body then fails with the same error.
   */
  readonly ended: Promise<RequestEnd>;
}

/** Turns what a backend answers into a Response, whose body streams. */
export class ResponseReceiver implements ExchangeSink {
  /** Settles when the head is complete. */
  readonly response: Promise<GatewayResponse>;
  readonly #protocol: Protocol;
  readonly #address: string | undefined;
  readonly #method: string;
  readonly #limits: Limits;
  readonly #options: ReceiverOptions;
  readonly #head: AnswerHead;
  readonly #ended: Promise<RequestEnd>;
  /** The start of the error stream, unless `onStderr` takes it. */
  readonly #stderr: ErrorStreamStart;
  #resolve!: (response: GatewayResponse) => void;
  #reject!: (error: GatewayError) => void;
  #resolveEnd!: (end: RequestEnd) => void;
  #rejectEnd!: (error: GatewayError) => void;
  #exchange: Exchange | undefined;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #headDone = false;
  #bodyLength = 0;
  #stderrLength = 0;
  /** Calls of `onStderr` that have not settled. */
  #stderrPending = 0;
  /** The Content-Length of the body; undefined without a body or without that header. */
  #promisedLength: number | undefined;

  constructor(
    { protocol, address }: { protocol: Protocol; address?: string | undefined },
    method: string,
    limits: Limits,
    options: ReceiverOptions,
  ) {
    this.#protocol = protocol;
    this.#address = address;
    this.#method = method;
    this.#limits = limits;
    this.#options = options;
    this.#head = new AnswerHead(protocol, limits);
    this.#stderr = new ErrorStreamStart(limits.stderr);
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#resolveEnd = resolve;
      this.#rejectEnd = reject;
    });
    // `response` or the body reports a failure. A caller need not handle it in `ended` as well.
    this.#ended.catch(() => {});
  }

  /** Takes the exchange, which is paused and resumed as the body is read. */
  start(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  stdout(bytes: Uint8Array): void {
    if (this.#headDone) {
      this.#deliver(bytes);
      return;
    }
    const head = this.#head.push(bytes);
    if (head === undefined) return;
    this.#headDone = true;
    const taken: unknown = this.#options.onHead?.(head.bytes.slice());
    if (isPromise(taken)) taken.then(undefined, (error) => this.#fail(error));
    this.#resolve(this.#createResponse(head));
    this.#deliver(bytes.subarray(head.bodyStart));
  }

  stderr(bytes: Uint8Array): void {
    const { onStderr } = this.#options;
    if (onStderr === undefined) {
      this.#stderr.push(bytes);
      return;
    }
    const kept = bytes.subarray(0, this.#limits.stderr - this.#stderrLength);
    if (kept.length === 0) return;
    this.#stderrLength += kept.length;
    const taken: unknown = onStderr(kept.slice());
    if (!isPromise(taken)) return;
    this.#stderrPending++;
    this.#exchange?.pause();
    const settled = (): void => {
      this.#stderrPending--;
      if ((this.#body?.desiredSize ?? 1) > 0) this.#resume();
    };
    taken.then(settled, (error) => this.#fail(error));
  }

  end(result: RequestEnd): void {
    const problem = this.#headDone ? this.#cutBody(result) : this.#cutHead(result);
    if (problem !== undefined) {
      this.failed(problem);
      return;
    }
    this.#resolveEnd(result);
    this.#body?.close();
    this.#body = undefined;
  }

  failed(error: GatewayError): void {
    const whole = error.with({
      address: this.#address,
      stderr: this.#stderr.text || undefined,
    });
    this.#reject(whole);
    this.#rejectEnd(whole);
    this.#body?.error(whole);
    this.#body = undefined;
  }

  /** Fails the request, because a function of its caller has failed. */
  #fail(error: unknown): void {
    this.#exchange?.abandon(asGatewayError(error));
  }

  #resume(): void {
    if (this.#stderrPending === 0) this.#exchange?.resume();
  }

  #createResponse(head: ResponseHead): GatewayResponse {
    const bodyless = this.#method === "HEAD" || hasNullBody(head.status);
    const response = responseFromHead(head, bodyless ? null : this.#createBody());
    const length = response.headers.get("content-length");
    if (!bodyless && length !== null) this.#promisedLength = Number(length);
    return Object.assign(response, { ended: this.#ended });
  }

  #createBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller;
        },
        pull: () => this.#resume(),
        cancel: () => {
          this.#body = undefined;
          this.#exchange?.abort();
        },
      },
      new ByteLengthQueuingStrategy({
        highWaterMark: this.#options.bufferedBody ?? BUFFERED_BODY,
      }),
    );
  }

  #deliver(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#bodyLength += bytes.length;
    if (this.#bodyLength > this.#limits.responseBody) {
      throw new GatewayError(
        ErrorCode.LimitExceeded,
        `the response's body is longer than ${this.#limits.responseBody} bytes`,
      );
    }
    if (this.#body === undefined) return;
    this.#body.enqueue(bytes.slice());
    if ((this.#body.desiredSize ?? 1) <= 0) this.#exchange?.pause();
  }

  /** Explains an answer that ends before its body. */
  #cutHead(result: RequestEnd): GatewayError {
    const error = this.#head.closed();
    const { appStatus } = result;
    if (appStatus === 0) return error;
    const { code, message, hint, offset } = error;
    const whole = `${message}; the application ${endText(result)}`;
    return new GatewayError(code, whole, { hint, offset });
  }

  /**
   * Explains a body that ends before its promised length; undefined for a complete one. FastCGI says
   * where an answer ends. With the other protocols, only the promised length, or the signal that
   * killed a program, shows that an answer was cut off.
   */
  #cutBody({ signal }: RequestEnd): GatewayError | undefined {
    const length = this.#bodyLength;
    const promised = this.#promisedLength;
    if (this.#protocol === Protocol.FastCgi) return undefined;
    const offset = length;
    if (promised !== undefined && length < promised) {
      const message = `the answer's body has ${length} of the ${promised} bytes that it should have`;
      return new GatewayError(ErrorCode.Truncated, message, { offset });
    }
    if (promised !== undefined || signal === undefined) return undefined;
    const message = `the program was killed by ${signal} after ${length} bytes of the body`;
    return new GatewayError(ErrorCode.Truncated, message, { offset });
  }
}

/** What a caller's function has returned: a listener may return anything else, such as a length. */
function isPromise(value: unknown): value is PromiseLike<unknown> {
  return hasMethod(value, "then");
}
