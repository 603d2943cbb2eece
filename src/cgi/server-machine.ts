import type { GatewayError } from "../errors.js";
import type { Variables } from "./variables.js";

/**
 * The role of the application in a request (FastCGI 1.0 §6). SCGI, uwsgi and CGI only have
 * responders.
 */
export type ServerRole = "responder" | "authorizer" | "filter";

/**
 * How to close a connection after the last bytes of the protocol:
 * - `finished`: close it, because both sides have sent everything;
 * - `lingering`: read and drop what still arrives for a while, then close. Unread bytes make the
 *   system send a reset, which can overtake the response;
 * - `cut`: close it, which makes the peer see an incomplete response;
 * - `reset`: reset it, because the peer takes an orderly close for the end of a complete response.
 */
export type Ending = "finished" | "lingering" | "cut" | "reset";

/** What a {@link ServerMachine} calls on the owner of its connection. */
export interface ServerHandlers {
  /** A request whose variables are complete. Its body goes to the receiver that this returns. */
  request(request: ServerRequest): RequestReceiver;
  /** Bytes to write to the peer in this order. They may be views, and do not change afterwards. */
  send(parts: readonly Uint8Array[]): void;
  /** Everything has been sent: close the connection after it. */
  close(ending: Ending): void;
  /**
   * A piece of a request's error stream, where the protocol cannot carry it. Default: it is
   * dropped.
   */
  errorOutput?(bytes: Uint8Array): void;
}

/**
 * Receives what follows a request's variables. Views of engine memory are valid until a call
 * returns.
 */
export interface RequestReceiver {
  body(bytes: Uint8Array): void;
  endBody(): void;
  /** A piece of the file that a filter filters. */
  data(bytes: Uint8Array): void;
  endData(): void;
  /**
   * Nothing more arrives: the peer aborted the request or disconnected. A response may still be
   * sent.
   */
  aborted(error: GatewayError): void;
}

/** The status and the headers of a response. */
export type ResponseStart = Pick<Response, "status" | "statusText" | "headers">;

/** A request and the means to answer it, which have no effect after the request has ended. */
export interface ServerRequest {
  readonly variables: Variables;
  readonly role: ServerRole;
  /** Whether the request has ended: nothing can be sent any more. */
  readonly ended: boolean;
  /**
   * Sends the head of a response in a protocol that does not use CGI's; the body follows by
   * `respond`. Without this method, the first bytes passed to `respond` are the head.
   *
   * @param length bytes of the body, if known
   * @throws GatewayError `bad_input` for a response that cannot be sent; another one can be tried
   */
  begin?(response: ResponseStart, length: number | undefined): void;
  /** Sends a piece of the response, head and body. */
  respond(bytes: Uint8Array): void;
  /** Sends a piece of the error stream; see {@link ServerHandlers.errorOutput}. */
  error(bytes: Uint8Array): void;
  /** Completes the response. */
  end(): void;
  /** Ends an incomplete response in such a way that the peer notices. */
  fail(): void;
  /** Refuses the request as overload. Only before anything has been sent. */
  refuse(): void;
}

/** The server's side of one connection in a gateway protocol. It does no I/O. */
export interface ServerMachine {
  /** The first line of a response's head in this protocol. */
  readonly headBegin: "status-field" | "status-line";
  /** How many requests have begun and not ended. */
  readonly active: number;
  /** How many of them are incomplete: these wait when the owner stops reading. */
  readonly receiving: number;
  /**
   * The number of the oldest request whose variables are incomplete; undefined when there is none.
   * A timer that restarts when it changes finds requests that never become complete.
   */
  readonly incomplete: number | undefined;
  /**
   * Takes bytes from the peer. The machine owns them: it passes bodies on as views of them, and
   * moves bytes within them to save memory.
   *
   * @throws GatewayError when the connection has to be closed
   */
  take(bytes: Uint8Array): void;
  /**
   * Takes the end of the peer's bytes. It aborts every request, because a front end that closes has
   * most often lost its client; complete requests can still be answered.
   *
   * @returns the error of an end inside a request
   */
  closed(): GatewayError | undefined;
  /** Takes the loss of the connection, which aborts and ends every request. */
  connectionLost(): void;
}

/** Drops the body of a request that is not served. */
export const ignoringReceiver: RequestReceiver = {
  body() {},
  endBody() {},
  data() {},
  endData() {},
  aborted() {},
};
