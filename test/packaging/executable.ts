import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeFolder, until } from "../harness/server-process.js";

/** A script of scripts/. */
export const scriptOf = (name: string) => path(`scripts/${name}`);

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
let built: string | undefined;

/** The single executable, made once for each test file that runs it. */
export function buildExecutable(): string {
  if (built === undefined) {
    execFileSync(process.execPath, [path("scripts/build-executable.mjs")], { stdio: "pipe" });
    built = path("build/fcgi-probe");
  }
  if (!existsSync(built)) throw new Error(`${built} was not built`);
  return built;
}

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, in an empty folder and with an empty environment. */
export async function runProgram(program: string, args: readonly string[]): Promise<Run> {
  const cwd = makeFolder();
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd, env: {} });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as unknown as Run;
    if (typeof code !== "number") throw error;
    return { code, stdout, stderr };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

export interface RunningProgram extends AsyncDisposable {
  readonly pid: number;
  readonly log: string;
  /** Waits until its output has a text, and returns the groups of it. */
  logs(text: RegExp): Promise<RegExpExecArray>;
}

/** Starts a program, with an empty environment, until it is disposed of. */
export function startProgram(
  program: string,
  args: readonly string[],
  cwd: string,
): RunningProgram {
  const child = spawn(program, args, { cwd, env: {}, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      log += bytes.toString();
    });
  }
  const ended = once(child, "exit");
  return {
    pid: child.pid as number,
    get log() {
      return log;
    },
    async logs(text) {
      const found = () => text.exec(log);
      await until(
        () => found() !== null || child.exitCode !== null,
        () => `${text} is not in the output:\n${log}`,
      );
      const groups = found();
      if (groups === null) throw new Error(`the program ended: ${child.exitCode}\n${log}`);
      return groups;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}
