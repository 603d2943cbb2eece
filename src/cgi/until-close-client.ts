import type { Engine } from "../engine/engine.js";
import { WINDOW } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { ClientHandlers, ClientMachine } from "./client-machine.js";

/**
 * The client's side of an SCGI or uwsgi request: the body follows the head unframed, and the
 * response lasts until the connection closes.
 */
export class UntilCloseClient implements ClientMachine {
  readonly #head: Uint8Array;
  readonly #handlers: ClientHandlers;
  readonly #engine: Engine;
  readonly #hint: string;
  #received = 0;
  #ended = false;

  /** @param hint what to check when the peer closes without an answer */
  constructor(
    head: Uint8Array,
    handlers: ClientHandlers,
    engine: Engine = defaultEngine(),
    hint = "the application failed before its first header, or refuses this client: see its log",
  ) {
    this.#head = head;
    this.#handlers = handlers;
    this.#engine = engine;
    this.#hint = hint;
  }

  get ended(): boolean {
    return this.#ended;
  }

  open(): Uint8Array[] {
    return [this.#head];
  }

  body(bytes: Uint8Array): Uint8Array[] {
    return [bytes];
  }

  endBody(): Uint8Array[] {
    return [];
  }

  abort(): Uint8Array[] {
    return [];
  }

  receive(length: number): number {
    this.#received += length;
    this.#handlers.stdout(this.#engine.memory.subarray(WINDOW, WINDOW + length));
    return length;
  }

  /** A response that a reset cuts off is incomplete. */
  closed(error: GatewayError | undefined): GatewayError | undefined {
    if (this.#ended) return undefined;
    if (this.#received === 0) {
      return new GatewayError(
        ErrorCode.ClosedWithoutAnswer,
        "the connection was closed without an answer",
        { hint: this.#hint },
      );
    }
    if (error !== undefined) {
      const message = `the connection broke after ${this.#received} bytes`;
      return new GatewayError(ErrorCode.Truncated, message, { offset: this.#received });
    }
    this.#ended = true;
    this.#handlers.end({ appStatus: 0, protocolStatus: 0 });
    return undefined;
  }
}
