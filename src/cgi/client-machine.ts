import type { GatewayError } from "../errors.js";

/** How a request ended. SCGI and uwsgi have no statuses: both are 0. */
export interface RequestEnd {
  /**
   * The application's exit status, 0 to 4,294,967,295. php-fpm always sends 0. For a CGI program it
   * is the exit code, or 128 plus the number of the signal that killed it.
   */
  appStatus: number;
  /** The `ProtocolStatus` of END_REQUEST, 0 when the request is complete. */
  protocolStatus: number;
  /** The signal that killed a CGI program, whose response may be incomplete. */
  signal?: string;
}

/** Receives the parts of a response in the order in which they arrive. */
export interface ClientHandlers {
  /** A piece of the response: a view of engine memory, valid until this returns. */
  stdout(bytes: Uint8Array): void;
  /** A piece of the error stream: a view of engine memory, valid until this returns. */
  stderr(bytes: Uint8Array): void;
  /** The response is complete. Called once, as the last. */
  end(result: RequestEnd): void;
}

/**
 * The client's side of one request in a gateway protocol: the bytes to send, and the meaning of the
 * bytes received. It does no I/O.
 */
export interface ClientMachine {
  /** Whether the response is complete. */
  readonly ended: boolean;
  /** The bytes of the request before its body. */
  open(): Uint8Array[];
  /** The bytes that carry a piece of the body. */
  body(bytes: Uint8Array): Uint8Array[];
  /** The bytes that end the body. */
  endBody(): Uint8Array[];
  /** The bytes that ask the application to stop; none where the protocol has no such message. */
  abort(): Uint8Array[];
  /**
   * Takes the first `length` bytes of the engine's window.
   *
   * @returns how many of them belong to this response
   * @throws GatewayError
   */
  receive(length: number): number;
  /**
   * Takes the end of the connection, which completes the response of some protocols.
   *
   * @param error why the connection broke; undefined when the peer closed it
   * @returns the error when the response is incomplete
   */
  closed(error: GatewayError | undefined): GatewayError | undefined;
  /** Why there is no response, where the records of other requests show it. */
  unanswered?(): GatewayError | undefined;
}
