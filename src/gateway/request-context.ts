import { utf8Bytes } from "../bytes.js";
import type { ServerRequest, ServerRole } from "../cgi/server-machine.js";
import type { Variables } from "../cgi/variables.js";
import type { GatewayError } from "../errors.js";
import type { Protocol } from "../transport/address.js";
import type { Context, ErrorStream } from "./handler.js";
import type { RequestBody } from "./request-body.js";

/** A handler's context. What few handlers use is made when it is asked for. */
export class RequestContext implements Context {
  readonly protocol: Protocol;
  readonly #request: ServerRequest;
  readonly #data: RequestBody | undefined;
  #errors: ErrorStream | undefined;
  #controller: AbortController | undefined;
  #reason: GatewayError | undefined;
  #finished: Promise<void> | undefined;
  #settle: (() => void) | undefined;
  #isFinished = false;

  constructor(protocol: Protocol, request: ServerRequest, data: RequestBody | undefined) {
    this.protocol = protocol;
    this.#request = request;
    this.#data = data;
  }

  get errors(): ErrorStream {
    this.#errors ??= {
      write: (text) => this.#request.error(typeof text === "string" ? utf8Bytes(text) : text),
    };
    return this.#errors;
  }

  get role(): ServerRole {
    return this.#request.role;
  }

  get variables(): Variables {
    return this.#request.variables;
  }

  get data(): ReadableStream<Uint8Array> | null {
    return this.#data?.stream ?? null;
  }

  /** Made late: an AbortController costs more than all the rest of a small request. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get finished(): Promise<void> {
    this.#finished ??= this.#isFinished
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.#settle = resolve;
        });
    return this.#finished;
  }

  abort(reason: GatewayError): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  finish(): void {
    this.#isFinished = true;
    this.#settle?.();
  }
}
