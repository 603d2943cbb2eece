import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import { noBytes } from "../bytes.js";
import {
  type Ending,
  ignoringReceiver,
  type RequestReceiver,
  type ServerHandlers,
  type ServerMachine,
  type ServerRequest,
} from "../cgi/server-machine.js";
import { ErrorCode } from "../errors.js";
import { LINGER, RESET_DELAY } from "./closing-delays.js";
import type { ConnectionOwner } from "./connection-owner.js";
import { lateHead, lateWrite } from "./late-errors.js";
import { RequestRunner, type RunnerConnection } from "./run-request.js";
import type { CreateMachine } from "./server-machines.js";
import { SocketWriter } from "./socket-writer.js";
import { Roster, type RosterMember } from "./swap-list.js";

/** Answers to management records that may wait unread before reading stops. */
const MAX_REPLIES = 65_536;
const State = { Open: 0, Closing: 1, Closed: 2 } as const;
type Phase = "head" | "busy" | "idle";

/** One accepted connection: its socket, its protocol's machine, and its requests. */
export class ServerConnection implements ServerHandlers, RunnerConnection, RosterMember {
  seat = 0;
  readonly protocol: Protocol;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner<ServerConnection>;
  readonly #machine: ServerMachine;
  readonly #writer: SocketWriter;
  readonly #runners = new Roster<RequestRunner>();
  #state: 0 | 1 | 2 = State.Open;
  #receiving = false;
  /** Bytes that were sent while the machine read, and may wait for the peer to take them. */
  #replies = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set for, and of which request's head, or behind how many requests. */
  #phase: Phase | undefined;
  #phaseOf = 0;
  /**
   * Taken off the socket at last: it stands in an array beside a listener of Node's, and V8 comes
   * to make such arrays among its old objects. There each would keep its connection from being
   * collected for a while, 6 KB and 7 µs of a small request.
   */
  readonly #onEnd = (): void => this.#peerEnded();
  #served = 0;
  #draining = false;

  constructor(
    socket: Socket,
    owner: ConnectionOwner<ServerConnection>,
    createMachine: CreateMachine,
  ) {
    this.protocol = owner.protocol;
    this.#socket = socket;
    this.#owner = owner;
    this.#machine = createMachine(this, owner.machineOptions, owner.engine);
    this.#writer = new SocketWriter(socket, owner.timeouts.write, (waiting) => {
      if (this.#replies <= waiting) return;
      this.#replies = waiting;
      this.resumeReading();
    });
    socket.allowHalfOpen = true;
    socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    socket.on("end", this.#onEnd);
    socket.on("timeout", () => this.#fail(lateWrite(owner.timeouts.write)));
    // A front end resets connections in normal operation: `close` follows, and says enough.
    socket.on("error", () => {});
    socket.once("close", () => this.#closed());
    this.#updateTimer();
  }

  get headBegin(): "status-field" | "status-line" {
    return this.#machine.headBegin;
  }

  /** Serves what has begun, and closes. */
  drain(): void {
    this.#draining = true;
    this.#closeWhenIdle();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  request(request: ServerRequest): RequestReceiver {
    if (!this.#owner.admit()) {
      request.refuse();
      return ignoringReceiver;
    }
    const { respond, runnerOptions } = this.#owner;
    const runner = new RequestRunner(request, respond, this, runnerOptions);
    this.#runners.add(runner);
    return runner;
  }

  send(parts: readonly Uint8Array[]): void {
    this.#writer.send(parts);
    if (!this.#receiving) return;
    for (const part of parts) this.#replies += part.length;
  }

  errorOutput(bytes: Uint8Array): void {
    this.#owner.errorOutput(bytes);
  }

  close(ending: Ending): void {
    if (this.#state !== State.Open) return;
    this.#state = State.Closing;
    clearTimeout(this.#timer);
    this.#owner.closing();
    // Later: whoever is told that the request is over hears of it before the peer does.
    process.nextTick(() => this.#finish(ending));
  }

  /** Writes what waits, and closes behind it. */
  #finish(ending: Ending): void {
    if (this.#state === State.Closed) return;
    this.#writer.flush();
    const socket = this.#socket;
    if (ending === "reset") this.#reset();
    // The system has it all. Waiting for the peer to close first costs 15 µs of a small request.
    else if (ending === "finished" && socket.writableLength === 0) socket.destroy();
    else this.#endSocket(ending === "lingering" && !socket.readableEnded);
  }

  #endSocket(linger: boolean): void {
    const socket = this.#socket;
    socket.setTimeout(this.#owner.timeouts.write);
    socket.end(() => {
      socket.setTimeout(0);
      if (this.#state === State.Closed) return;
      if (linger) this.#setTimer(LINGER, () => socket.destroy());
      else socket.destroy();
    });
    socket.resume();
  }

  /**
   * A unix socket has no reset: there a response that breaks off is told by its Content-Length
   * alone.
   */
  #reset(): void {
    const socket = this.#socket;
    const isTcp = socket.remoteFamily !== undefined;
    clearTimeout(this.#timer);
    socket.setTimeout(this.#owner.timeouts.write);
    socket.write(noBytes, () => {
      if (isTcp) this.#setTimer(RESET_DELAY, () => socket.resetAndDestroy());
      else socket.destroy();
    });
  }

  drained(): Promise<void> | undefined {
    return this.#writer.drained();
  }

  resumeReading(): void {
    if (this.#mayRead()) this.#socket.resume();
  }

  finished(runner: RequestRunner): void {
    this.#runners.delete(runner);
    this.#served += 1;
    this.#owner.released();
    this.resumeReading();
    this.#updateTimer();
    this.#closeWhenIdle();
  }

  report(error: unknown): void {
    this.#owner.report(error);
  }

  get showsErrors(): boolean {
    return this.#owner.logsErrors === true && this.#owner.protocol !== Protocol.FastCgi;
  }

  #receive(bytes: Uint8Array): void {
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
    if (!this.#mayRead()) this.#socket.pause();
    this.#updateTimer();
  }

  /** Reading stops where nobody takes what is read, unless that would hold up other requests. */
  #mayRead(): boolean {
    if (this.#state !== State.Open) return true;
    if (this.#replies > MAX_REPLIES) return false;
    if (!this.#runners.some((runner) => runner.full)) return true;
    for (const runner of this.#runners) {
      if (!runner.full) continue;
      if (this.#machine.receiving < 2) return false;
      runner.overflow();
    }
    return true;
  }

  /** One timer for the connection: over its head, or over its idleness between requests. */
  #updateTimer(): void {
    if (this.#state !== State.Open) return;
    const { incomplete, active } = this.#machine;
    const busy = active > 0 || this.#runners.size > 0;
    const isHead = incomplete !== undefined;
    let phase: Phase = busy ? "busy" : "idle";
    if (isHead) phase = "head";
    const phaseOf = incomplete ?? (busy ? 0 : this.#served);
    if (phase === this.#phase && phaseOf === this.#phaseOf) return;
    this.#phase = phase;
    this.#phaseOf = phaseOf;
    const { header, idle } = this.#owner.timeouts;
    if (isHead || (!busy && this.#served === 0)) {
      this.#setTimer(header, () => this.#fail(lateHead(header)));
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

  #peerEnded(): void {
    const wasOpen = this.#state === State.Open;
    const problem = wasOpen ? this.#machine.closed() : undefined;
    if (problem !== undefined && problem.code !== ErrorCode.Aborted) this.#fault(problem);
    // Ended before, it closes by itself now: ending it again makes an error, 8 µs for its stack.
    else if (this.#machine.active === 0 && !this.#socket.writableEnded) {
      this.#writer.flush();
      this.#socket.end(() => this.#socket.destroy());
    }
  }

  /** The machine cannot go on. Where it has answered that, and closed, there is no more to do. */
  #fault(error: unknown): void {
    if (this.#state === State.Open) this.#fail(error);
    else this.#owner.report(error);
  }

  /** The connection is of no use any more. */
  #fail(error: unknown): void {
    if (this.#state === State.Closed) return;
    this.#owner.report(error);
    this.#writer.flush();
    this.#socket.destroy();
  }

  #closeWhenIdle(): void {
    if (this.#draining && this.#machine.active === 0 && this.#runners.size === 0) {
      this.close("lingering");
    }
  }

  #closed(): void {
    if (this.#state === State.Closed) return;
    this.#state = State.Closed;
    clearTimeout(this.#timer);
    this.#socket.off("end", this.#onEnd);
    this.#writer.close();
    this.#machine.gone();
    this.#owner.closed(this);
  }
}
