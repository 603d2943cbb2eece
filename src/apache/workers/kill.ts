import { setTimeout as sleep } from "node:timers/promises";
import { ErrorCode, GatewayError } from "../../errors.js";
import { checkWait } from "../../numbers.js";
import { pluralize } from "../manager/quantities.js";
import { type ApacheServer, isSameProgram } from "../processes/apache-servers.js";
import { isSameProcess, type ProcessInfo, type ProcessTable } from "../processes/process-table.js";
import {
  confirmed,
  type KillPlan,
  type PlannedKill,
  planKills,
  type WorkerLimits,
} from "./kill-plan.js";
import type { ApacheWorker } from "./workers.js";

export interface KillOptions extends WorkerLimits {
  /**
   * Reads the workers of the same httpd again, just before the first kill. Workers that have ended
   * or are within their limits by then are spared. Required with `maxTime`.
   */
  readonly again?: (() => Promise<readonly ApacheWorker[]>) | undefined;
  /** Whether to send no signals, and only say what would be killed. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** `TERM` lets a worker end by itself, and sends `KILL` after `grace`. Default: `KILL`. */
  readonly signal?: "TERM" | "KILL" | undefined;
  /** Milliseconds that a worker has to end after `TERM`. Default: 10,000; 0 leaves no time. */
  readonly grace?: number | undefined;
  /** Milliseconds to wait for a worker to end after `KILL`. Default: 10,000; 0 waits for none. */
  readonly patience?: number | undefined;
  /** Called with a sentence for each thing that happens. */
  readonly onMessage?: ((message: string) => void) | undefined;
  /** Sends a signal to a process. Default: `process.kill`. */
  readonly send?: ((pid: number, signal: "SIGTERM" | "SIGKILL") => void) | undefined;
}

/** What {@link killWorkers} did. */
export interface KillResult {
  /** The pids of processes that were killed, in ascending order. */
  readonly killed: readonly number[];
  /** How many of them were active. */
  readonly killedActive: number;
  /** How many of them were idle. */
  readonly killedIdle: number;
  /** The pids of processes that a dry run would have killed, in ascending order. */
  readonly wouldKill: readonly number[];
  /** How many of them were active. */
  readonly wouldKillActive: number;
  /** How many of them were idle. */
  readonly wouldKillIdle: number;
  /** The number of workers that were checked. */
  readonly checked: number;
  /** The pids of processes that ended, or were within their limits again, before any signal. */
  readonly spared: readonly number[];
  /** The processes that could not be signalled or that a signal did not end, and why. */
  readonly refused: readonly { readonly pid: number; readonly reason: string }[];
}

/**
 * Kills the workers of an httpd that are over a limit, all at once, and waits until they have ended.
 *
 * A process is sent a signal only if, at the last moment, it is a child of that httpd, of the same
 * program, and started when it was read; so neither a page nor a pid that was given to another
 * process leads to a kill. (Between that check and the signal the kernel offers no lock.) The caller
 * must know that the page is this httpd's: see `readLocalWorkers`.
 *
 * @throws GatewayError `bad_input` for a time limit without `again`, and for a `grace` or a `patience`
 * that is no number or negative; and what `again` throws: nothing has been killed then
 */
export async function killWorkers(
  workers: readonly ApacheWorker[],
  server: ApacheServer,
  table: ProcessTable,
  options: KillOptions = {},
): Promise<KillResult> {
  if (options.maxTime && options.again === undefined) {
    const message = "to kill by time, the workers must be read again just before";
    throw new GatewayError(ErrorCode.BadInput, message, { hint: "give the option `again`" });
  }
  for (const name of ["grace", "patience"] as const) {
    if (options[name] !== undefined) checkWait(name, options[name]);
  }
  const killing = new Killing(server, table, options);
  return killing.run(workers);
}

const POLL = 20;

class Killing {
  readonly #server: ApacheServer;
  readonly #table: ProcessTable;
  readonly #options: KillOptions;
  readonly #spared: number[] = [];
  readonly #refused: { pid: number; reason: string }[] = [];

  constructor(server: ApacheServer, table: ProcessTable, options: KillOptions) {
    this.#server = server;
    this.#table = table;
    this.#options = options;
  }

  async run(workers: readonly ApacheWorker[]): Promise<KillResult> {
    const { dryRun = false, signal = "KILL" } = this.#options;
    if (dryRun) this.#say("Performing a dry run ..");
    const { kills, checked } = await this.#plan(workers);
    const targets = kills.filter((kill) => this.#isVerified(kill));
    if (dryRun) for (const { message } of targets) this.#say(message);
    const affected = dryRun ? targets : await this.#end(targets, signal);
    this.#summarize(affected.length, checked, dryRun);
    const active = affected.filter(({ activity }) => activity === "active").length;
    const idle = affected.length - active;
    const pids = affected.map(({ process }) => process.pid);
    return {
      killed: dryRun ? [] : pids,
      killedActive: dryRun ? 0 : active,
      killedIdle: dryRun ? 0 : idle,
      wouldKill: dryRun ? pids : [],
      wouldKillActive: dryRun ? active : 0,
      wouldKillIdle: dryRun ? idle : 0,
      checked,
      spared: this.#spared,
      refused: this.#refused,
    };
  }

  /** Plans kills, and keeps those that are confirmed when the workers are read again. */
  async #plan(workers: readonly ApacheWorker[]): Promise<KillPlan> {
    const { again } = this.#options;
    const plan = planKills(workers, this.#options);
    if (again === undefined || plan.kills.length === 0) return plan;
    const kills = confirmed(plan, planKills(await again(), this.#options));
    const left = new Set(kills.map(({ process }) => process.pid));
    const pids = plan.kills.map(({ process }) => process.pid);
    this.#spared.push(...pids.filter((pid) => !left.has(pid)));
    return { kills, checked: plan.checked };
  }

  #summarize(count: number, checked: number, dryRun: boolean): void {
    const left = this.#refused.length;
    if (count > 0) {
      const verb = dryRun ? "Would kill" : "Killed";
      this.#say(`${verb} ${count} of ${pluralize(checked, "Apache worker")}.`);
    } else if (left > 0) {
      this.#say(
        `No Apache workers killed (${left} of ${pluralize(checked, "worker")} could not be).`,
      );
    } else {
      const found = pluralize(checked, "worker");
      this.#say(`No Apache workers killed (found ${found} within resource usage limits).`);
    }
  }

  /** Checks a process again; if it must not be killed, records why. */
  #isVerified({ process, memoryLimit }: PlannedKill): boolean {
    const { pid } = process;
    const now = this.#table.read(pid);
    if (now === undefined || !isSameProcess(process, now)) {
      this.#spared.push(pid);
      return false;
    }
    const reason = this.#whyNot(now);
    if (reason !== undefined) {
      this.#refuse(pid, reason);
      return false;
    }
    if (memoryLimit !== undefined && now.rss <= memoryLimit) {
      this.#spared.push(pid);
      return false;
    }
    return true;
  }

  #whyNot(now: ProcessInfo): string | undefined {
    const { master } = this.#server;
    if (!isSameProcess(master, this.#table.read(master.pid))) return "httpd itself has ended";
    if (now.parentPid !== master.pid) return "it is not a child of this httpd";
    if (!isSameProgram(now, master)) return "it runs another program than httpd";
    return undefined;
  }

  async #end(targets: readonly PlannedKill[], signal: "TERM" | "KILL"): Promise<PlannedKill[]> {
    const { grace = 10_000, patience = 10_000 } = this.#options;
    const reached = targets.filter((kill) => {
      const isReached = this.#signal(kill, signal);
      // The message is for those that this user may kill.
      if (isReached) this.#say(kill.message);
      return isReached;
    });
    const reachedAll = new Set(reached);
    const refused = new Set(this.#refused.map(({ pid }) => pid));
    const missed = targets.filter((kill) => !reachedAll.has(kill));
    this.#spared.push(
      ...missed.map(({ process }) => process.pid).filter((pid) => !refused.has(pid)),
    );
    let left = await this.#waitFor(reached, signal === "TERM" ? grace : patience);
    if (signal === "TERM" && left.length > 0) {
      for (const kill of left) this.#signal(kill, "KILL");
      left = await this.#waitFor(left, patience);
    }
    for (const { process } of left) this.#refuse(process.pid, "the signal did not end it");
    const failed = new Set(this.#refused.map(({ pid }) => pid));
    return reached.filter(({ process }) => !failed.has(process.pid));
  }

  /** Sends a signal; returns whether it was delivered. */
  #signal({ process: target }: PlannedKill, signal: "TERM" | "KILL"): boolean {
    const { pid } = target;
    // Checked again: others have been signalled since it was verified.
    const now = this.#table.read(pid);
    if (!isSameProcess(target, now) || now?.parentPid !== this.#server.master.pid) return false;
    try {
      (this.#options.send ?? process.kill)(pid, `SIG${signal}`);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ESRCH") this.#refuse(pid, code ?? String(error));
      return false;
    }
  }

  async #waitFor(targets: readonly PlannedKill[], milliseconds: number): Promise<PlannedKill[]> {
    const deadline = performance.now() + milliseconds;
    let left = [...targets];
    for (;;) {
      left = left.filter(({ process }) => isSameProcess(process, this.#table.read(process.pid)));
      if (left.length === 0 || performance.now() >= deadline) return left;
      await sleep(POLL);
    }
  }

  #refuse(pid: number, reason: string): void {
    this.#refused.push({ pid, reason });
  }

  #say(message: string): void {
    this.#options.onMessage?.(message);
  }
}
