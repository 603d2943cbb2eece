import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Protocol } from "../../address.js";
import { latin1Bytes } from "../../bytes.js";
import { reasonPhrases } from "../../cgi/http.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { closeSocket } from "../close-socket.js";
import { headTimeout, writeTimeout } from "../connection-owner.js";
import type { ListedConnection } from "../connections.js";
import { RequestRunner, type RunnerConnection } from "../run-request.js";
import type { SocketOwner, SocketService } from "../socket-owner.js";
import { Backpressure } from "../socket-peer.js";
import { HeadDeadline } from "./head-deadline.js";
import { HttpRequest, type HttpRequestOwner } from "./request.js";

/** Milliseconds that a draining connection stays open: a request may be on its way. */
const DRAIN_DELAY = 500;

/** A request that Node has read. */
interface Arrival {
  incoming: IncomingMessage;
  response: ServerResponse;
}

/** One accepted HTTP connection, which Node's parser reads, and its requests, one after another. */
export class HttpConnection implements RunnerConnection, HttpRequestOwner, ListedConnection {
  index = 0;
  readonly protocol = Protocol.Http;
  /** Not used: an HTTP request writes its own head. */
  readonly headBegin = "status-line";
  readonly #socket: Socket;
  readonly #owner: SocketOwner<HttpConnection>;
  readonly #service: SocketService;
  /** The request that is being answered, and its runner while it runs. */
  #current: { request: HttpRequest; runner: RequestRunner | undefined } | undefined;
  /** The pipelined requests after it, in their order. */
  readonly #waiting: Arrival[] = [];
  #state: "open" | "draining" | "closed" = "open";
  readonly #head: HeadDeadline;
  #closeTimer: NodeJS.Timeout | undefined;
  readonly #backpressure: Backpressure;

  constructor(socket: Socket, owner: SocketOwner<HttpConnection>) {
    const { service } = owner;
    this.#socket = socket;
    this.#owner = owner;
    this.#service = service;
    this.#backpressure = new Backpressure(socket, service.timeouts.write, () => {});
    socket.allowHalfOpen = true;
    socket.on("end", () => this.#peerEnded());
    socket.on("timeout", () => {
      if (this.#backpressure.blocked) service.report(writeTimeout(service.timeouts.write));
      socket.destroy();
    });
    // Clients reset connections in normal operation. The `close` that follows is handled.
    socket.on("error", () => {});
    socket.once("close", () => this.#closed());
    this.#head = new HeadDeadline(socket, service.timeouts.header, () => this.#failHead());
  }

  get closing(): boolean {
    return this.#state !== "open";
  }

  /** Node's parser has read the head of a request. */
  arrived(incoming: IncomingMessage, response: ServerResponse): void {
    // Writing to a connection that has closed is not an error of ours.
    response.on("error", () => {});
    if (this.#state === "closed") return;
    if (this.#current === undefined) this.#serve({ incoming, response });
    else {
      this.#waiting.push({ incoming, response });
      this.#socket.pause();
    }
  }

  /** Node's parser has found something that is not HTTP. `status` is for a request not answered yet. */
  broken(problem: GatewayError, status: 400 | 431): void {
    if (this.#state === "closed") return;
    const { request, runner } = this.#current ?? {};
    if (request?.incoming.complete !== false) this.#service.report(problem);
    if (request?.incoming.complete === true) {
      // The request is complete; what follows it is wrong.
      this.#state = "draining";
      return;
    }
    runner?.aborted(problem);
    this.refuse(status);
  }

  /** Answers a request that no handler gets, and closes. */
  refuse(status: number): void {
    if (this.#state === "closed") return;
    if (this.#current?.request.begun === true) {
      this.#socket.destroy();
      return;
    }
    const page = `${reasonPhrases.get(status)}\n`;
    const type = "content-type: text/plain; charset=utf-8";
    const fields = `${type}\r\ncontent-length: ${page.length}\r\nconnection: close`;
    this.#current?.request.drop();
    this.#close(latin1Bytes(`HTTP/1.1 ${status} ${page.trim()}\r\n${fields}\r\n\r\n${page}`));
  }

  /** Serves the requests that have begun or are on their way, and closes. */
  drain(): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    if (this.#current === undefined) this.#closeSoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  drained(): Promise<void> | undefined {
    return this.#backpressure.drained();
  }

  resumeReading(): void {
    const { request, runner } = this.#current ?? {};
    if (request?.hasBody === true && runner?.full !== true) request.incoming.resume();
  }

  finished(): void {
    // What happens to the connection from now on does not concern the handler.
    if (this.#current !== undefined) this.#current.runner = undefined;
    this.#owner.released();
  }

  report(error: unknown): void {
    this.#service.report(error);
  }

  get showsErrors(): boolean {
    return this.#service.logsErrors === true;
  }

  errorOutput(bytes: Uint8Array): void {
    this.#service.errorOutput(bytes);
  }

  written(): void {
    if (this.#socket.writableNeedDrain) this.#backpressure.block();
  }

  cut(isFramed: boolean): void {
    this.#state = "closed";
    closeSocket(this.#socket, isFramed ? "cut" : "reset", this.#service.timeouts.write);
  }

  #serve({ incoming, response }: Arrival): void {
    this.#head.stop();
    clearTimeout(this.#closeTimer);
    let request: HttpRequest;
    try {
      request = new HttpRequest(incoming, response, this);
    } catch (error) {
      this.#service.report(error);
      this.refuse(400);
      return;
    }
    // Without an address, its variables would be those of a request over a unix socket.
    if (this.#socket.remoteAddress === undefined && !this.#service.servesPeer(this.#socket)) {
      this.#socket.destroy();
      return;
    }
    response.once("close", () => this.#answered());
    if (!this.#owner.admit()) {
      this.#current = { request, runner: undefined };
      request.refuse();
      return;
    }
    const { runnerOptions } = this.#service;
    const runner = new RequestRunner(request, this.#owner.respond, this, runnerOptions);
    this.#current = { request, runner };
    this.#receive(request, runner);
  }

  #receive({ incoming, hasBody }: HttpRequest, runner: RequestRunner): void {
    if (!hasBody) {
      runner.endBody();
      return;
    }
    incoming.on("data", (bytes: Uint8Array) => {
      runner.body(bytes);
      if (runner.full) incoming.pause();
    });
    incoming.on("end", () => runner.endBody());
  }

  /** Node has sent the complete response, or the connection has closed. */
  #answered(): void {
    const request = this.#current?.request;
    if (this.#state === "closed" || request === undefined) return;
    this.#current = undefined;
    const next = this.#waiting.shift();
    if (next !== undefined) {
      if (this.#waiting.length === 0) this.#socket.resume();
      this.#serve(next);
    } else if (request.incoming.complete) this.#becomeIdle();
    else request.incoming.once("close", () => this.#becomeIdle());
  }

  #becomeIdle(): void {
    if (this.#current !== undefined) return;
    this.#head.start();
    if (this.#state === "draining") this.#closeSoon();
  }

  #closeSoon(): void {
    const close = (): void => {
      // A head that has begun is completed, or ends by its timeout.
      const isIdle = this.#current === undefined && !this.#head.hasBegun;
      if (isIdle && this.#state === "draining") this.#close();
    };
    // Timers run before sockets are read. A process that was busy reads first what has arrived.
    this.#closeTimer = setTimeout(() => setImmediate(close), DRAIN_DELAY);
  }

  #failHead(): void {
    if (this.#state === "closed") return;
    // Browsers open connections before they have a request.
    if (!this.#head.hasBegun) {
      this.#close();
      return;
    }
    this.#service.report(headTimeout(this.#service.timeouts.header));
    this.refuse(408);
  }

  /** Writes the last bytes, and closes. */
  #close(last?: Uint8Array): void {
    this.#state = "closed";
    this.#waiting.length = 0;
    this.#owner.closing();
    closeSocket(this.#socket, "lingering", this.#service.timeouts.write, last);
  }

  #peerEnded(): void {
    const { request, runner } = this.#current ?? {};
    if (request?.incoming.complete === false) runner?.aborted(endInside());
    else runner?.aborted(new GatewayError(ErrorCode.Aborted, "the client closed the connection"));
  }

  #closed(): void {
    this.#state = "closed";
    this.#head.close();
    clearTimeout(this.#closeTimer);
    this.#waiting.length = 0;
    this.#current?.request.drop();
    const left = new GatewayError(ErrorCode.Aborted, "the client broke the connection off");
    this.#current?.runner?.aborted(left);
    this.#backpressure.close();
    this.#owner.closed(this);
  }
}

/** The error for a client that has closed its side before its request was complete. */
export function endInside(): GatewayError {
  return new GatewayError(ErrorCode.Truncated, "the client left in the middle of its request");
}
