import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gatewayFetch } from "../../src/client/fetch.js";
import { status } from "../../src/phpfpm/status.js";
import type { PoolStatus } from "../../src/status-page/pool-status.js";
import { childrenOf, commandOf, isAlive } from "../harness/processes.js";
import { makeFolder, until } from "../harness/server-process.js";

const bin = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));
export const application = fileURLToPath(new URL("app.mjs", import.meta.url));

export interface Answer {
  /** The worker that answered. */
  pid: number;
  text: string;
  /** Milliseconds until the answer. */
  time: number;
}

export interface MasterOptions {
  application?: string;
  /** The address to listen on. Default: a unix socket of its own. */
  listen?: string;
  env?: NodeJS.ProcessEnv;
  /** A program, with its arguments, that runs the command. */
  launcher?: readonly string[];
  /** Whether to leave out `--listen`. */
  inherits?: boolean;
}

const isGuard = (pid: number): boolean => commandOf(pid).startsWith("fcgi-probe: guard of pool");

/** A pool with its master, run by the command in a process of its own. */
export class Master {
  readonly folder = makeFolder();
  readonly address: string;
  readonly #child: ChildProcess;
  /** Every worker that has been seen. */
  readonly #seen = new Set<number>();
  #log = "";

  constructor(args: readonly string[], options: MasterOptions) {
    this.address = options.listen ?? `unix:${this.socket}`;
    const listen = options.inherits ? [] : ["--listen", this.address];
    const serve = [bin, "serve", options.application ?? application, ...listen, ...args];
    const [program = "", ...rest] = [...(options.launcher ?? []), process.execPath, ...serve];
    this.#child = spawn(program, rest, {
      cwd: this.folder,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#log += text;
      });
    }
  }

  get socket(): string {
    return join(this.folder, "app.sock");
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The output of the pool and its workers. */
  get log(): string {
    return this.#log;
  }

  /** The worker processes that run now. */
  get workers(): number[] {
    const workers = childrenOf(this.pid).filter((pid) => !isGuard(pid));
    for (const pid of workers) this.#seen.add(pid);
    return workers;
  }

  /** The process id of the guard, which kills workers that outlive the master. */
  get guard(): number | undefined {
    return childrenOf(this.pid).find(isGuard);
  }

  async ready(): Promise<this> {
    const isOver = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    try {
      await until(
        () => this.log.includes("ready to handle connections") || isOver(),
        () => `the pool did not start:\n${this.log}`,
      );
      if (isOver()) throw new Error(`the pool has ended:\n${this.log}`);
    } catch (error) {
      await this.stop();
      throw error;
    }
    return this;
  }

  async request(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const began = performance.now();
    const request = new Request(`http://localhost${path}`, { headers });
    const response = await gatewayFetch(this.address, request, { timeout: 15_000 });
    const [pid = "", ...words] = (await response.text()).split(" ");
    return { pid: Number(pid), text: words.join(" "), time: performance.now() - began };
  }

  /** The error code of a request that should not be answered. */
  async failure(path: string): Promise<string> {
    try {
      const { text } = await this.request(path);
      return `answered ${text}`;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }

  status(full = true): Promise<PoolStatus> {
    return status(`${this.address}:/status`, { full, timeout: 10_000 });
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Waits until the log contains a text `times` times. */
  logged(text: string | RegExp, times = 1): Promise<void> {
    const count = () => this.log.split(text).length - 1;
    return until(
      () => count() >= times,
      () => `the log does not contain ${text} ${times} times:\n${this.log}`,
    );
  }

  /** Waits until `count` workers run. */
  hasWorkers(count: number, milliseconds?: number): Promise<void> {
    return until(
      () => this.workers.length === count,
      () => `there are ${this.workers.length} workers, not ${count}:\n${this.log}`,
      milliseconds,
    );
  }

  /** The exit code, or the signal, when the master ends. */
  async exited(): Promise<number | string | null> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.exitCode ?? child.signalCode;
  }

  /** Waits until all workers that were seen have exited. */
  async allExited(milliseconds = 5_000): Promise<void> {
    const left = () => [...this.#seen].filter(isAlive);
    await until(
      () => left().length === 0,
      () => `still running: ${left()}`,
      milliseconds,
    );
  }

  /** Stops the pool, and checks that all its processes have exited. */
  async stop(): Promise<void> {
    void this.workers;
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.signal("SIGTERM");
      const late = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
      await this.exited();
      clearTimeout(late);
    }
    await this.allExited();
    rmSync(this.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Starts a pool, and waits until it serves. */
export function startMaster(
  args: readonly string[] = [],
  options: MasterOptions = {},
): Promise<Master> {
  return new Master(args, options).ready();
}

/** Writes an application into a folder. */
export function writeApplication(folder: string, text: string): string {
  const path = join(folder, "application.mjs");
  writeFileSync(path, text);
  return path;
}

/** Sends requests without a pause, `width` at a time, until `stop` is called. */
export class Load {
  readonly answers = new Map<number, number>();
  readonly failures: string[] = [];
  readonly #done: Promise<unknown>;
  #stopped = false;

  constructor(master: Master, path: string, width = 4) {
    this.#done = Promise.all(Array.from({ length: width }, () => this.#run(master, path)));
  }

  get count(): number {
    return [...this.answers.values()].reduce((total, count) => total + count, 0);
  }

  /** Waits for `count` more answers. */
  more(count: number): Promise<void> {
    const wanted = this.count + count;
    return until(
      () => this.count >= wanted,
      () => `there are ${this.count} answers, not ${wanted}; failures: ${this.failures}`,
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(master: Master, path: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const { pid } = await master.request(path);
        this.answers.set(pid, (this.answers.get(pid) ?? 0) + 1);
      } catch (error) {
        this.failures.push((error as { code?: string }).code ?? String(error));
        await sleep(1);
      }
    }
  }
}
