import type { GatewayError } from "../errors.js";

/** How a request ended. SCGI and uwsgi know no statuses: theirs are 0. */
export interface RequestEnd {
  /**
   * The application's exit status, 0 to 4,294,967,295. php-fpm always says 0. A CGI program's is
   * its exit code, or 128 and the number of the signal that killed it.
   */
  appStatus: number;
  /** FastCGI's `ProtocolStatus`. */
  protocolStatus: number;
  /** The signal that killed a CGI program, which may not have written all that it had to. */
  signal?: string;
}

/** What a response consists of, in the order in which it arrives. */
export interface ClientHandlers {
  /** A view of engine memory, valid until this returns: copy what is kept. */
  stdout(bytes: Uint8Array): void;
  /** A view of engine memory, valid until this returns: copy what is kept. */
  stderr(bytes: Uint8Array): void;
  /** The request is complete. Called once, and last. */
  end(result: RequestEnd): void;
}

/**
 * One request of a gateway protocol, seen from the client: what to send, and what the answer's
 * bytes mean. It does no I/O.
 */
export interface ClientMachine {
  /** True when the answer is complete. */
  readonly ended: boolean;
  /** The request up to its body. */
  open(): Uint8Array[];
  /** A piece of the body. */
  body(bytes: Uint8Array): Uint8Array[];
  /** The end of the body. */
  endBody(): Uint8Array[];
  /** Asks the application to stop; empty where the protocol has no word for it. */
  abort(): Uint8Array[];
  /**
   * Takes the first `length` bytes of the engine's window.
   *
   * @returns how many of them belong to this answer
   * @throws GatewayError
   */
  receive(length: number): number;
  /**
   * The connection is at its end: completes the answer, or says what is wrong with that.
   *
   * @param error why it broke; undefined after an orderly end of file
   */
  closed(error: GatewayError | undefined): GatewayError | undefined;
  /** Why no answer has come, where the bytes that came for others show it. */
  unanswered?(): GatewayError | undefined;
}
