import type { Engine } from "../engine/engine.js";
import { WINDOW } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { ClientHandlers, ClientMachine, RequestEnd } from "./client-machine.js";
import type { Variable } from "./variables.js";

/**
 * A request to a CGI program (RFC 3875): the variables are the program's environment, the body is
 * its standard input, and the response is its standard output.
 */
export class ProgramClient implements ClientMachine {
  readonly variables: readonly Variable[];
  /** How the program ended. Set it before calling {@link closed}. */
  result: RequestEnd = { appStatus: 0, protocolStatus: 0 };
  readonly #handlers: ClientHandlers;
  readonly #engine: Engine;
  #bodyEnded = false;
  #aborted = false;
  #received = 0;
  #ended = false;

  constructor(
    variables: readonly Variable[],
    handlers: ClientHandlers,
    engine: Engine = defaultEngine(),
  ) {
    this.variables = variables;
    this.#handlers = handlers;
    this.#engine = engine;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether to close the program's standard input. */
  get bodyEnded(): boolean {
    return this.#bodyEnded;
  }

  /** Whether to stop the program. */
  get aborted(): boolean {
    return this.#aborted;
  }

  open(): Uint8Array[] {
    return [];
  }

  body(bytes: Uint8Array): Uint8Array[] {
    return [bytes];
  }

  endBody(): Uint8Array[] {
    this.#bodyEnded = true;
    return [];
  }

  abort(): Uint8Array[] {
    this.#aborted = true;
    return [];
  }

  receive(length: number): number {
    this.#received += length;
    this.#handlers.stdout(this.#engine.memory.subarray(WINDOW, WINDOW + length));
    return length;
  }

  closed(error: GatewayError | undefined): GatewayError | undefined {
    if (this.#ended) return undefined;
    if (error !== undefined) return error;
    if (this.#received === 0) {
      return new GatewayError(
        ErrorCode.ClosedWithoutAnswer,
        `the program ${endText(this.result)} without an answer`,
        {
          hint: "see what it wrote to its error stream, and run it by hand with the same variables",
        },
      );
    }
    this.#ended = true;
    this.#handlers.end(this.result);
    return undefined;
  }
}

/** How an application ended, as the predicate of a sentence. */
export function endText({ appStatus, signal }: RequestEnd): string {
  return signal === undefined ? `ended with status ${appStatus}` : `was killed by ${signal}`;
}
