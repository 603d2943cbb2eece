import { Protocol } from "../address.js";
import {
  type Ending,
  ignoringReceiver,
  type RequestReceiver,
  type ServerHandlers,
  type ServerMachine,
  type ServerRequest,
} from "../cgi/server-machine.js";
import type { Engine } from "../engine/engine.js";
import { ErrorCode } from "../errors.js";
import { afterMicrotasks } from "../transport/event-loop-yield.js";
import {
  type ConnectionOwner,
  type ConnectionService,
  headTimeout,
  type ServerMachineOptions,
  writeTimeout,
} from "./connection-owner.js";
import type { ListedConnection } from "./connections.js";
import type { OpenPeer, Peer, PeerHandlers } from "./peer.js";
import { RequestRunner, type RunnerConnection } from "./run-request.js";

/** Creates the machine of a protocol for one connection. */
export type CreateServerMachine = (
  handlers: ServerHandlers,
  options: ServerMachineOptions,
  engine: Engine,
) => ServerMachine;

/** Bytes of answers to management records that may wait to be sent before reading stops. */
const MAX_REPLIES = 65_536;
const State = { Open: 0, Closing: 1, Closed: 2 } as const;
type Phase = "head" | "busy" | "idle";

/** One accepted connection: its byte stream, its protocol's machine, and its requests. */
export class ServerConnection
  implements ServerHandlers, RunnerConnection, ListedConnection, PeerHandlers
{
  index = 0;
  readonly protocol: Protocol;
  readonly #owner: ConnectionOwner<ServerConnection>;
  readonly #service: ConnectionService;
  readonly #machine: ServerMachine;
  readonly #peer: Peer;
  readonly #runners: RequestRunner[] = [];
  #state: 0 | 1 | 2 = State.Open;
  #receiving = false;
  /** Bytes that the machine sent while it read, and that the peer may not have read yet. */
  #replies = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the timer is set for, and for which request's head, or after how many requests. */
  #phase: Phase | undefined;
  #phaseOf = 0;
  #served = 0;
  #draining = false;

  constructor(
    openPeer: OpenPeer,
    owner: ConnectionOwner<ServerConnection>,
    createMachine: CreateServerMachine,
  ) {
    const { service } = owner;
    this.protocol = service.protocol;
    this.#owner = owner;
    this.#service = service;
    this.#machine = createMachine(this, service.machineOptions, service.engine);
    this.#peer = openPeer(this);
    this.#updateTimer();
  }

  get headBegin(): "status-field" | "status-line" {
    return this.#machine.headBegin;
  }

  /** Serves the requests that have begun, and closes. */
  drain(): void {
    this.#draining = true;
    this.#closeWhenIdle();
  }

  destroy(): void {
    this.#peer.destroy();
  }

  request(request: ServerRequest): RequestReceiver {
    if (!this.#owner.admit()) {
      request.refuse();
      return ignoringReceiver;
    }
    const { runnerOptions } = this.#service;
    const runner = new RequestRunner(request, this.#owner.respond, this, runnerOptions);
    this.#runners.push(runner);
    return runner;
  }

  send(parts: readonly Uint8Array[]): void {
    this.#peer.send(parts);
    if (!this.#receiving) return;
    for (const part of parts) this.#replies += part.length;
  }

  errorOutput(bytes: Uint8Array): void {
    this.#service.errorOutput(bytes);
  }

  close(ending: Ending): void {
    if (this.#state !== State.Open) return;
    this.#state = State.Closing;
    clearTimeout(this.#timer);
    this.#owner.closing();
    // On the next tick: `finished` of the request runs before the peer sees the end.
    afterMicrotasks(() => this.#finish(ending));
  }

  #finish(ending: Ending): void {
    if (this.#state !== State.Closed) this.#peer.close(ending);
  }

  drained(): Promise<void> | undefined {
    return this.#peer.drained();
  }

  resumeReading(): void {
    if (this.#mayRead()) this.#peer.resume();
  }

  finished(runner: RequestRunner): void {
    this.#runners.splice(this.#runners.indexOf(runner), 1);
    this.#served += 1;
    this.#owner.released();
    this.resumeReading();
    this.#updateTimer();
    this.#closeWhenIdle();
  }

  report(error: unknown): void {
    this.#service.report(error);
  }

  get showsErrors(): boolean {
    return this.#service.logsErrors === true && this.protocol !== Protocol.FastCgi;
  }

  received(bytes: Uint8Array): void {
    if (this.#state !== State.Open) return;
    this.#receiving = true;
    try {
      this.#machine.take(bytes);
    } catch (error) {
      this.#fault(error);
      return;
    } finally {
      this.#receiving = false;
    }
    if (!this.#mayRead()) this.#peer.pause();
    this.#updateTimer();
  }

  ended(): void {
    const wasOpen = this.#state === State.Open;
    const problem = wasOpen ? this.#machine.closed() : undefined;
    if (problem !== undefined && problem.code !== ErrorCode.Aborted) this.#fault(problem);
    // A peer that is closing already closes by itself. To end a socket again would create an error,
    // which costs 8 µs.
    else if (this.#machine.active === 0 && !this.#peer.closing) this.#peer.close("finished");
  }

  written(waiting: number): void {
    if (this.#replies <= waiting) return;
    this.#replies = waiting;
    this.resumeReading();
  }

  timedOut(): void {
    this.#fail(writeTimeout(this.#service.timeouts.write));
  }

  closed(): void {
    if (this.#state === State.Closed) return;
    this.#state = State.Closed;
    clearTimeout(this.#timer);
    this.#machine.connectionLost();
    this.#owner.closed(this);
  }

  /** Reading stops while a handler does not read, unless that would hold up other requests. */
  #mayRead(): boolean {
    if (this.#state !== State.Open) return true;
    if (this.#replies > MAX_REPLIES) return false;
    if (!this.#runners.some((runner) => runner.full)) return true;
    for (const runner of [...this.#runners]) {
      if (!runner.full) continue;
      if (this.#machine.receiving < 2) return false;
      runner.overflow();
    }
    return true;
  }

  /** Sets the connection's one timer: for a head that is incomplete, or for the idle time. */
  #updateTimer(): void {
    if (this.#state !== State.Open) return;
    const { incomplete, active } = this.#machine;
    const busy = active > 0 || this.#runners.length > 0;
    const isHead = incomplete !== undefined;
    let phase: Phase = busy ? "busy" : "idle";
    if (isHead) phase = "head";
    const phaseOf = incomplete ?? (busy ? 0 : this.#served);
    if (phase === this.#phase && phaseOf === this.#phaseOf) return;
    this.#phase = phase;
    this.#phaseOf = phaseOf;
    const { header, idle } = this.#service.timeouts;
    if (isHead || (!busy && this.#served === 0)) {
      this.#setTimer(header, () => this.#fail(headTimeout(header)));
    } else if (!busy) {
      this.#setTimer(idle, () => this.close("lingering"));
    } else {
      clearTimeout(this.#timer);
    }
  }

  #setTimer(milliseconds: number, act: () => void): void {
    clearTimeout(this.#timer);
    if (milliseconds > 0) this.#timer = setTimeout(act, milliseconds);
  }

  /** The machine cannot go on. If it has answered and closed already, the error is only reported. */
  #fault(error: unknown): void {
    if (this.#state === State.Open) this.#fail(error);
    else this.#service.report(error);
  }

  /** Reports an error, and closes the connection at once. */
  #fail(error: unknown): void {
    if (this.#state === State.Closed) return;
    this.#service.report(error);
    this.#peer.fail();
  }

  #closeWhenIdle(): void {
    if (this.#draining && this.#machine.active === 0 && this.#runners.length === 0) {
      this.close("lingering");
    }
  }
}
