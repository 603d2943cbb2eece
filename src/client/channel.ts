import type { ClientHandlers, ClientMachine, RequestEnd } from "../cgi/client-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Connection, ConnectionHandlers, Connector } from "../transport/connection.js";

/** What the channel of a request reports. `end` or `failed` is the last. */
export interface ChannelHandlers extends ClientHandlers {
  /** The backend can take the request. */
  ready(): void;
  /** Everything sent has left this process, after a `write` that returned false. */
  drained(): void;
  failed(error: GatewayError): void;
}

/** The byte stream of one request. */
export type RequestStream = Pick<Connection, "write" | "pause" | "resume">;

/** Carries one request to a backend: over its own connection or a shared one, or to a program. */
export interface Channel {
  readonly machine: ClientMachine;
  readonly stream: RequestStream;
  /** Whether the connection has carried a request before: the peer may have closed it since. */
  readonly reused: boolean;
  /** Abandons the request. Nothing is reported afterwards. May be called again. */
  close(): void;
}

/** What a FastCGI request says about its channel. Other protocols carry one request on each. */
export interface ChannelTerms {
  requestId: number;
  keepConnection: boolean;
}

/** Makes the machine of a request. */
export type CreateClientMachine = (handlers: ClientHandlers, terms: ChannelTerms) => ClientMachine;

export type OpenChannel = (
  createMachine: CreateClientMachine,
  handlers: ChannelHandlers,
) => Channel;

/** Ends a request once, and frees what carries it before the end is reported. */
export abstract class RequestChannel implements Channel, ClientHandlers {
  readonly machine: ClientMachine;
  abstract readonly stream: RequestStream;
  abstract readonly reused: boolean;
  protected readonly handlers: ChannelHandlers;
  #ended = false;

  constructor(
    createMachine: CreateClientMachine,
    handlers: ChannelHandlers,
    terms: ChannelTerms = { requestId: 1, keepConnection: false },
  ) {
    this.handlers = handlers;
    this.machine = createMachine(this, terms);
  }

  /** Frees what carries the request: a connection, a share of one, or a program. */
  protected abstract free(): void;

  close(): void {
    this.#endOnce();
  }

  stdout(bytes: Uint8Array): void {
    this.handlers.stdout(bytes);
  }

  stderr(bytes: Uint8Array): void {
    this.handlers.stderr(bytes);
  }

  end(result: RequestEnd): void {
    if (this.#endOnce()) this.handlers.end(result);
  }

  /** @param error a GatewayError, or what the receiver of the answer has thrown */
  protected fail(error: unknown): void {
    if (this.#endOnce()) this.handlers.failed(asGatewayError(error));
  }

  /** @returns whether the request has ended by this call */
  #endOnce(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.free();
    return true;
  }
}

/**
 * Channels with a connection for each request. It is closed as soon as the answer is complete: until
 * then, a php-fpm worker serves no other request.
 *
 * @param silentHint what else to check when a connection ends before its first byte
 */
export function connectionPerRequest(connector: Connector, silentHint?: string): OpenChannel {
  return (createMachine, handlers) =>
    new ConnectionChannel(connector, createMachine, handlers, silentHint);
}

class ConnectionChannel extends RequestChannel implements ConnectionHandlers {
  readonly stream: Connection;
  readonly reused = false;
  readonly #silentHint: string | undefined;
  #connected = false;

  constructor(
    connector: Connector,
    createMachine: CreateClientMachine,
    handlers: ChannelHandlers,
    silentHint: string | undefined,
  ) {
    super(createMachine, handlers);
    this.#silentHint = silentHint;
    this.stream = connector(this);
  }

  connected(): void {
    this.#connected = true;
    this.handlers.ready();
  }

  drained(): void {
    this.handlers.drained();
  }

  data(length: number): void {
    try {
      this.machine.receive(length);
    } catch (error) {
      this.fail(error);
    }
  }

  closed(error: GatewayError | undefined): void {
    const problem = this.machine.closed(error);
    if (problem === undefined) return;
    const reason = this.#connected ? explain(problem, error) : (error ?? problem);
    this.fail(this.#silentHint === undefined ? reason : addHint(reason, this.#silentHint));
  }

  protected free(): void {
    this.stream.destroy();
  }
}

/** The protocol's error for the end of a connection, with the system's reason for that end. */
function explain(problem: GatewayError, error: GatewayError | undefined): GatewayError {
  if (error === undefined || problem.code === ErrorCode.WrongProtocol) return problem;
  const { code, hint, offset } = problem;
  if (code === ErrorCode.ClosedWithoutAnswer) {
    return new GatewayError(error.code, error.message, { hint, cause: error.cause });
  }
  return new GatewayError(code, `${problem.message} (${error.message})`, { offset, cause: error });
}

/** Only a connection that ends before its first byte is `closed_without_answer`. */
function addHint(error: GatewayError, more: string): GatewayError {
  const { code, message, hint, cause } = error;
  if (code !== ErrorCode.ClosedWithoutAnswer) return error;
  return new GatewayError(code, message, { hint: `${hint}; ${more}`, cause });
}

/** An error of the caller's own code fails its request, and not the process. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError(
    ErrorCode.BadInput,
    `the reader of the response failed: ${String(error)}`,
    {
      cause: error,
    },
  );
}
