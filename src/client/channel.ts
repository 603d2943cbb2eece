import type { ClientHandlers, ClientMachine, RequestEnd } from "../cgi/client-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Connection, ConnectionHandlers, Connector } from "../transport/connection.js";

/** What a request's channel reports. `end` or `failed` is the last. */
export interface ChannelHandlers extends ClientHandlers {
  /** Connected: the request's head has been sent. */
  ready(): void;
  /** All that was sent has been taken: send on. */
  drained(): void;
  failed(error: GatewayError): void;
}

/** The way of one request to a backend, over a connection of its own or a shared one. */
export interface Channel {
  readonly machine: ClientMachine;
  /** The connection has served before: the peer may have closed it since. */
  readonly reused: boolean;
  /** False asks to wait for `drained`. */
  send(parts: readonly Uint8Array[]): boolean;
  pause(): void;
  resume(): void;
  /** Gives the request up; nothing is reported after it. */
  close(): void;
}

/** What the channel has settled for a request: FastCGI carries it, other protocols have no words. */
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

/** Channels with a connection for each request, which is destroyed as soon as the answer ends. */
export function connectionPerRequest(connector: Connector): OpenChannel {
  return (createMachine, handlers) => new ConnectionChannel(connector, createMachine, handlers);
}

class ConnectionChannel implements Channel, ConnectionHandlers {
  readonly machine: ClientMachine;
  readonly reused = false;
  readonly #connection: Connection;
  readonly #handlers: ChannelHandlers;
  #result: RequestEnd | undefined;
  #connected = false;
  #closed = false;

  constructor(connector: Connector, createMachine: CreateClientMachine, handlers: ChannelHandlers) {
    this.#handlers = handlers;
    this.machine = createMachine(
      {
        stdout: (bytes) => handlers.stdout(bytes),
        stderr: (bytes) => handlers.stderr(bytes),
        end: (result) => {
          this.#result = result;
        },
      },
      { requestId: 1, keepConnection: false },
    );
    this.#connection = connector(this);
  }

  send(parts: readonly Uint8Array[]): boolean {
    return this.#connection.write(parts);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  close(): void {
    this.#closed = true;
    this.#connection.destroy();
  }

  connected(): void {
    this.#connected = true;
    this.#handlers.ready();
  }

  drained(): void {
    this.#handlers.drained();
  }

  data(length: number): void {
    try {
      this.machine.receive(length);
    } catch (error) {
      this.#fail(asGatewayError(error));
      return;
    }
    this.#finishWhenEnded();
  }

  closed(error: GatewayError | undefined): void {
    const problem = this.machine.closed(error);
    if (problem === undefined) this.#finishWhenEnded();
    else this.#fail(this.#connected ? explain(problem, error) : (error ?? problem));
  }

  /** php-fpm's worker is busy until we close: the socket goes first, then the news. */
  #finishWhenEnded(): void {
    if (this.#result === undefined || this.#closed) return;
    this.close();
    this.#handlers.end(this.#result);
  }

  #fail(error: GatewayError): void {
    if (this.#closed) return;
    this.close();
    this.#handlers.failed(error);
  }
}

/** What the protocol makes of the end of a connection, with the system's reason for that end. */
function explain(problem: GatewayError, error: GatewayError | undefined): GatewayError {
  if (error === undefined || problem.code === ErrorCode.WrongProtocol) return problem;
  const { code, hint, offset } = problem;
  if (code === ErrorCode.ClosedWithoutAnswer) {
    return new GatewayError(error.code, error.message, { hint, cause: error.cause });
  }
  return new GatewayError(code, `${problem.message} (${error.message})`, { offset, cause: error });
}

/** A handler of the caller's that throws fails its own request, not the process. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError(ErrorCode.BadInput, `what takes the answer failed: ${String(error)}`, {
    cause: error,
  });
}
