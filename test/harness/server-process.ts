import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const GUARD = fileURLToPath(new URL("guard.mjs", import.meta.url));
/** How long a server may take to start, to reload, and to stop before it is killed. */
const PATIENCE = 10_000;
/** Socket paths end at 107 bytes on Linux and at 103 on macOS. */
const LONGEST_FOLDER = 70;

let guard: ChildProcess | undefined;

/** Sends a line to the guard, one process for all servers, which cleans up if the tests are killed. */
function tellGuard(line: string): void {
  if (guard === undefined) {
    guard = spawn(process.execPath, [GUARD], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    guard.unref();
    const input = guard.stdin as unknown as { unref?: () => void };
    input.unref?.();
  }
  guard.stdin?.write(`${line}\n`);
}

/** Waits until `condition` holds, looking every few milliseconds.
 * @throws Error with what `explain` says, when it does not hold in time */
export async function until(
  condition: () => boolean | Promise<boolean>,
  explain: () => string,
  milliseconds = PATIENCE,
): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(explain());
    await sleep(5);
  }
}

/** A fresh folder for one server, short enough to hold sockets. */
export function makeFolder(): string {
  const base = tmpdir().length > LONGEST_FOLDER ? "/tmp" : tmpdir();
  return mkdtempSync(join(base, "fp-"));
}

/** A server in the foreground, in a folder of its own that goes when it stops. */
export class ServerProcess {
  readonly pid: number;
  readonly folder: string;
  readonly #child: ChildProcess;
  #output = "";

  constructor(
    program: string,
    args: readonly string[],
    folder: string,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.folder = folder;
    this.#child = spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", LANG: "C", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const collect = (chunk: Buffer) => {
      this.#output += chunk.toString();
    };
    this.#child.stdout?.on("data", collect);
    this.#child.stderr?.on("data", collect);
    this.#child.on("error", (error) => {
      this.#output += error.message;
    });
    this.pid = this.#child.pid ?? 0;
    if (this.pid > 0) tellGuard(`+${this.pid} ${folder}`);
  }

  /** What it wrote to its standard output and error. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.pid > 0 && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    if (this.isRunning) process.kill(this.pid, name);
  }

  /** Waits until `isReady`; stops the server and throws with its output when it is not. */
  async ready(
    isReady: () => boolean | Promise<boolean>,
    log: () => string = () => "",
  ): Promise<void> {
    const explain = () => `the server did not start:\n${log()}${this.#output}`;
    try {
      await until(async () => {
        if (await isReady()) return true;
        if (!this.isRunning) throw new Error(explain());
        return false;
      }, explain);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends the server by its pid, waits until it is gone, and removes its folder. */
  async stop(beforeRemoval: () => void = () => {}): Promise<void> {
    if (this.isRunning) {
      const exit = once(this.#child, "exit");
      this.signal("SIGTERM");
      const late = setTimeout(() => process.kill(-this.pid, "SIGKILL"), PATIENCE);
      await exit;
      clearTimeout(late);
    }
    if (this.pid > 0) tellGuard(`-${this.pid}`);
    beforeRemoval();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
