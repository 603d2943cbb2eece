import type { GatewayError } from "../errors.js";
import type { Variables } from "./variables.js";

/** What a request asks the application for (FastCGI 1.0 §6). SCGI, uwsgi and CGI know responders. */
export type ServerRole = "responder" | "authorizer" | "filter";

/**
 * How a connection ends behind the protocol's last word:
 * - `finished`: all of both sides is said;
 * - `lingering`: the peer may not have said all. What still comes is read and dropped for a while,
 *   or else it would be answered by a reset, which can overtake the answer;
 * - `cut`: where a close tells the peer that the answer is not whole;
 * - `reset`: broken off, where a close in good order would tell that it is.
 */
export type Ending = "finished" | "lingering" | "cut" | "reset";

/** What a server's machine asks of whoever owns the connection. */
export interface ServerHandlers {
  /** A request whose variables are complete; what follows them goes to what this returns. */
  request(request: ServerRequest): RequestReceiver;
  /** Bytes for the peer, to be written in order. They may be views: nothing is changed later. */
  send(parts: readonly Uint8Array[]): void;
  /** The protocol's last word is sent: the connection is to be closed behind it. */
  close(ending: Ending): void;
  /** A piece of a request's error stream, from protocols that have none. Without it, it is dropped. */
  errorOutput?(bytes: Uint8Array): void;
}

/**
 * Takes what follows a request's variables. Views of engine memory are valid until it returns; other
 * bytes stay as they are.
 */
export interface RequestReceiver {
  body(bytes: Uint8Array): void;
  endBody(): void;
  /** The file that a filter filters. */
  data(bytes: Uint8Array): void;
  endData(): void;
  /** No more comes: the peer has given the request up, or gone. A last answer may be tried. */
  aborted(error: GatewayError): void;
}

/** What a response begins with. */
export type ResponseStart = Pick<Response, "status" | "statusText" | "headers">;

/** A request, and the way to answer it. Without effect once it has been ended or aborted. */
export interface ServerRequest {
  readonly variables: Variables;
  readonly role: ServerRole;
  /** True when nothing that is sent would arrive. */
  readonly ended: boolean;
  /**
   * Begins the response, where a protocol has a head of its own kind: what is sent behind it is the
   * body. Without this the response's first bytes are the head, as CGI has it.
   *
   * @param length the body's, where it is known
   * @throws GatewayError `bad_input` for a response that cannot be sent; another one may be
   */
  begin?(response: ResponseStart, length: number | undefined): void;
  /** A piece of the response: head and body. */
  respond(bytes: Uint8Array): void;
  /** A piece of the error stream; see `errorOutput` for where the protocol has none. */
  error(bytes: Uint8Array): void;
  /** The response is complete. */
  end(): void;
  /** The response cannot be completed: says so in the protocol's own way. */
  fail(): void;
  /** The application has too many requests, and no part of this one has been answered. */
  refuse(): void;
}

/** The server's side of one connection of a gateway protocol. It does no I/O. */
export interface ServerMachine {
  /** What a response's head begins with in this protocol. */
  readonly headBegin: "status-field" | "status-line";
  /** Requests that have begun and not ended. */
  readonly active: number;
  /** Of those, the ones of which more is to come: they alone are held up where reading stops. */
  readonly receiving: number;
  /**
   * Which request has been incomplete for longest: a number that changes when that one's variables
   * are complete, undefined when none is incomplete. A timer over it finds half requests.
   */
  readonly incomplete: number | undefined;
  /**
   * Takes bytes of the peer's. They are the machine's from here on: a body is handed out in them, and
   * they are changed where that saves memory.
   *
   * @throws GatewayError when the connection is of no use any more: it is to be closed
   */
  take(bytes: Uint8Array): void;
  /**
   * The peer sends no more. Every request is told so, because a front end that closes has most
   * often lost its client; those that are whole may still be answered, in case it has not.
   *
   * @returns what is wrong with an end at this point
   */
  closed(): GatewayError | undefined;
  /** The connection is gone: every request on it is aborted, and ended. */
  gone(): void;
}

/** Drops what arrives for a request that is not served. */
export const ignoringReceiver: RequestReceiver = {
  body() {},
  endBody() {},
  data() {},
  endData() {},
  aborted() {},
};
