import type { Writable } from "node:stream";
import type { Protocol } from "../address.js";
import { ByteCollector, latin1, utf8Bytes } from "../bytes.js";
import type { RequestEnd } from "../cgi/client-machine.js";
import { ResponseHeadReader } from "../cgi/response-head-reader.js";
import type { GatewayError } from "../errors.js";
import type { Limits } from "../limits.js";
import { AnswerStart } from "./answer-head.js";
import type { Exchange, ExchangeSink } from "./exchange.js";

/** Passes a backend's answer on as that of a CGI program, as fast as it is taken. */
export class BridgeAnswer implements ExchangeSink {
  /** Settles when the answer is complete. */
  readonly ended: Promise<RequestEnd>;
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  readonly #head: ResponseHeadReader;
  readonly #start: AnswerStart;
  readonly #kept = new ByteCollector();
  #resolve!: (end: RequestEnd) => void;
  #reject!: (error: GatewayError) => void;
  #exchange: Exchange | undefined;
  #headDone = false;
  readonly #onDrain = (): void => this.#exchange?.resume();
  readonly #onError = (): void => this.#exchange?.abort();

  constructor(protocol: Protocol, stdout: Writable, stderr: Writable, limits: Limits) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#head = new ResponseHeadReader(limits);
    this.#start = new AnswerStart(protocol);
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    stdout.on("drain", this.#onDrain);
    stdout.on("error", this.#onError);
  }

  /** Whether a part of the answer is on its way already. */
  get begun(): boolean {
    return this.#headDone;
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  stdout(bytes: Uint8Array): void {
    if (this.#headDone) this.#write(bytes.slice());
    else this.#readHead(bytes);
  }

  stderr(bytes: Uint8Array): void {
    this.#stderr.write(bytes.slice());
  }

  end(result: RequestEnd): void {
    this.#release();
    if (this.#headDone) this.#resolve(result);
    else this.#reject(this.#start.explain(this.#head.closed()));
  }

  failed(error: GatewayError): void {
    this.#release();
    this.#reject(error);
  }

  #readHead(bytes: Uint8Array): void {
    this.#start.take(bytes);
    this.#kept.push(bytes);
    let head: ReturnType<ResponseHeadReader["push"]>;
    try {
      head = this.#head.push(bytes);
    } catch (error) {
      throw this.#start.explain(error as GatewayError);
    }
    if (head === undefined) return;
    const refusal = this.#start.refusal(head);
    if (refusal !== undefined) throw refusal;
    this.#headDone = true;
    const answer = this.#kept.take();
    // A status line is HTTP's (uWSGI sends one); a front end reads it from a field.
    const begin = latin1(answer, 0, Math.min(5, answer.length));
    if (begin === "HTTP/") {
      this.#write(utf8Bytes(`Status: ${head.status} ${head.statusText}`.trimEnd().concat("\r\n")));
      this.#write(answer.subarray(answer.indexOf(0x0a) + 1));
    } else this.#write(answer);
  }

  #write(bytes: Uint8Array): void {
    if (!this.#stdout.write(bytes)) this.#exchange?.pause();
  }

  #release(): void {
    this.#stdout.off("drain", this.#onDrain);
    this.#stdout.off("error", this.#onError);
  }
}
