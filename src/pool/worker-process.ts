import { type ChildProcess, fork, type StdioOptions } from "node:child_process";
import type { Socket } from "node:net";
import { isExecutable, programArgument } from "../transport/executable.js";
import { guardMessages, nodeMajor } from "../transport/node-internals.js";
import { environmentOf } from "./identity.js";
import { type MasterMessage, unwrapMessage, type WorkerSettings } from "./messages.js";
import type { ManagedWorker } from "./process-manager.js";
import type { PoolSettings } from "./settle-options.js";

/** A connection that waits for a worker or is being passed to one. */
export interface WaitingConnection {
  readonly socket: Socket;
  readonly since: number;
  /** The bytes that have been read from it, a character each. */
  readonly bytes?: string | undefined;
  readonly session?: string | undefined;
}

/** The events of a worker's process. */
export interface WorkerEvents {
  ready(worker: WorkerProcess): void;
  failed(worker: WorkerProcess, reason: string, hint?: string): void;
  /** More connections may be passed to it. */
  room(worker: WorkerProcess): void;
  maxRequestsReached(worker: WorkerProcess): void;
  /** It has answered with the cookie of a session. */
  session(worker: WorkerProcess, id: string): void;
  /** It wrote bytes to its channel that are not a message. */
  garbled(worker: WorkerProcess): void;
  slow(worker: WorkerProcess, text: string): void;
  output(worker: WorkerProcess, stream: "stdout" | "stderr", line: string): void;
  exited(worker: WorkerProcess, code: number | null, signal: NodeJS.Signals | null): void;
}

export interface WorkerProcessOptions {
  settings: WorkerSettings;
  generation: number;
  /** The listening socket of a shared pool. */
  listening: number | undefined;
  scoreboard: number;
  takesOutput: boolean;
  pool: Pick<PoolSettings, "env" | "execArgv">;
}

/** The master's side of a worker process. */
export class WorkerProcess implements ManagedWorker {
  readonly generation: number;
  /** The first of its slots on the scoreboard. */
  readonly slot: number;
  readonly startedAt = Date.now();
  state: "starting" | "ready" | "ending" = "starting";
  readyAt = 0;
  idle: number | undefined = 0;
  /** The number of connections that may be passed to it now. */
  room = 0;
  /** Connections that wait for it because it has their session. */
  readonly queue: WaitingConnection[] = [];
  killTimer: NodeJS.Timeout | undefined;
  readonly #child: ChildProcess;
  /** Connections that were passed and have not been confirmed. */
  readonly #passed: WaitingConnection[] = [];
  readonly #events: WorkerEvents;
  readonly #key: string;
  readonly #places: number;
  #exited = false;
  #isGarbled = false;

  constructor(options: WorkerProcessOptions, events: WorkerEvents) {
    const { settings, generation, listening, scoreboard, takesOutput } = options;
    this.generation = generation;
    this.slot = settings.slot;
    this.#events = events;
    this.#key = settings.key;
    this.#places = settings.concurrency;
    const output = takesOutput ? "pipe" : "inherit";
    const stdio: StdioOptions = ["ignore", output, output, "ipc", scoreboard];
    if (listening !== undefined) stdio.push(listening);
    this.#child = fork(programArgument("pool/worker-main"), [], {
      env: environment(options.pool.env, settings),
      // The executable takes no flags of Node.
      execArgv: isExecutable ? [] : workerArguments(options.pool.execArgv),
      stdio,
    });
    this.#listen();
    this.#send({ kind: "start", settings });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Passes a connection, and keeps it until the worker confirms that it has arrived. */
  pass(waiting: WaitingConnection): void {
    const { socket, bytes } = waiting;
    this.room -= 1;
    this.#passed.push(waiting);
    // Otherwise Node would send messages between the two processes about the end of every socket.
    (socket as { server?: unknown }).server = undefined;
    this.#send({ kind: "connection", bytes }, socket);
  }

  /** Removes and returns the connections that had not arrived when the worker died. */
  undelivered(): WaitingConnection[] {
    return this.#passed.splice(0);
  }

  /** Asks it to finish and exit. It should keep the limit itself; a second after it, it is killed. */
  stop(limit: number): void {
    if (this.state === "ending") return;
    this.state = "ending";
    this.room = 0;
    this.#send({ kind: "stop" });
    if (limit > 0) this.killTimer = setTimeout(() => this.kill(), limit + 1_000);
  }

  kill(): void {
    if (!this.#exited) this.#child.kill("SIGKILL");
  }

  #send(message: MasterMessage, socket?: Socket): void {
    // This fails only if the worker dies, which its `exit` event reports.
    this.#child.send(message, socket, { keepOpen: true }, () => {});
  }

  #listen(): void {
    const child = this.#child;
    guardMessages(child, () => this.#garble());
    child.on("message", (message) => this.#receive(message));
    child.on("error", (error) => {
      if (child.pid === undefined) this.#exit(error.message, null);
    });
    child.on("exit", (code, signal) => this.#exit(code, signal));
    for (const stream of ["stdout", "stderr"] as const) {
      let rest = "";
      child[stream]?.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = (lines.pop() as string).slice(-65_536);
        for (const line of lines) this.#events.output(this, stream, line);
      });
    }
  }

  #receive(received: unknown): void {
    const message = unwrapMessage(this.#key, received, this.#places);
    if (this.#exited || message === undefined) return;
    switch (message.kind) {
      case "ready":
        if (this.state !== "starting") return;
        this.state = "ready";
        this.readyAt = Date.now();
        this.#events.ready(this);
        break;
      case "failed":
        this.#events.failed(this, message.reason, message.hint);
        break;
      case "taken":
        this.#passed.shift()?.socket.destroy();
        break;
      case "room":
        if (this.state === "ending") return;
        this.room += message.places;
        this.#events.room(this);
        break;
      case "maxRequestsReached":
        this.#events.maxRequestsReached(this);
        break;
      case "session":
        this.#events.session(this, message.id);
        break;
      case "slow":
        this.#events.slow(this, message.text);
        break;
    }
  }

  #garble(): void {
    if (this.#isGarbled) return;
    this.#isGarbled = true;
    this.#events.garbled(this);
  }

  #exit(code: number | string | null, signal: NodeJS.Signals | null): void {
    if (this.#exited) return;
    this.#exited = true;
    this.state = "ending";
    this.room = 0;
    clearTimeout(this.killTimer);
    if (typeof code === "string") this.#events.failed(this, code);
    this.#events.exited(this, typeof code === "string" ? 1 : code, signal);
  }
}

/** The environment of a worker, without the listening socket that this process was started with. */
function environment(
  env: Readonly<Record<string, string | undefined>>,
  { identity }: WorkerSettings,
): Record<string, string | undefined> {
  const { LISTEN_FDS: _fds, LISTEN_PID: _pid, LISTEN_FDNAMES: _names, ...rest } = env;
  return { ...rest, ...environmentOf(identity) };
}

/**
 * Flags that keep V8 from a full garbage collection for every 32 MB that sockets read, in Node 24
 * for every 64. Its old generation then has room from the start, and the young one of Node 24 is no
 * larger than that of Node 22. CPU seconds of a worker for 1 GB that a handler reads, with the flags
 * and without, measured in turns: Node 20 0.22 and 0.33; Node 24 0.25 and 0.32, and with the first
 * flag alone 0.46. In Node 22 (0.24 and 0.22) they gain nothing, and Node 26 lacks the second.
 */
const garbageFlags: readonly string[] = [
  ...(nodeMajor === 20 || nodeMajor === 24 ? ["--initial-old-space-size=64"] : []),
  ...(nodeMajor === 24 ? ["--scavenger-max-new-space-capacity-mb=8"] : []),
];

/** The arguments of a worker's Node: those given, except for any that would run another program. */
export function workerArguments(execArgv: readonly string[]): string[] {
  const evaluated = /^(-e|--eval|-p|--print|-pe)$/;
  const dropped = /^(-e|--eval|-p|--print|-pe|--input-type|-i|--interactive|--test|--watch)(=|$)/;
  const usable = execArgv.filter((argument, index) => {
    if (evaluated.test(execArgv[index - 1] ?? "")) return false;
    return !dropped.test(argument) && !argument.startsWith("--inspect");
  });
  return [...garbageFlags, ...usable];
}
