import { spawn } from "node:child_process";
import { PassThrough, Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createIo, type Io } from "../../src/cli/io.js";
import { run } from "../../src/cli/program.js";

const binOf = (name: string) => fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A stream that keeps what is written to it. With columns, it is a terminal. */
class Capture extends Writable {
  readonly isTTY: boolean;
  columns = 80;
  rows = 24;
  readonly #chunks: Buffer[] = [];

  constructor(columns?: number) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 80;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}

export interface World {
  /** The contents of standard input. */
  stdin?: string | Uint8Array;
  /** Makes standard output and standard error terminals with this many columns. */
  columns?: number;
  env?: NodeJS.ProcessEnv;
  stop?: AbortController;
}

/** Runs the command in this process, on streams of the test. */
export function runHere(args: readonly string[], world: World = {}): Promise<Outcome> {
  return runIn((io) => run(args, io), world);
}

/** Runs a part of a command in this process, on streams of the test. */
export async function runIn(
  command: (io: Io) => Promise<number>,
  world: World = {},
): Promise<Outcome> {
  const stdout = new Capture(world.columns);
  const stderr = new Capture(world.columns);
  const stdin =
    world.stdin === undefined ? new PassThrough() : Readable.from([Buffer.from(world.stdin)]);
  const streams = { stdin, stdout, stderr, env: world.env ?? {} };
  const code = await command(createIo(streams, world.stop ?? new AbortController()));
  return { code, stdout: stdout.bytes.toString(), stderr: stderr.bytes.toString() };
}

/** Runs the command as a process of its own; `shell` runs a line with the command as `$0`. */
export function spawnCommand(
  args: readonly string[],
  options: {
    stdin?: string | Uint8Array;
    env?: NodeJS.ProcessEnv;
    shell?: string;
    /** Which of the package's commands. Default: `fcgi-probe`. */
    command?: string;
  } = {},
): Promise<Outcome> {
  const bin = binOf(options.command ?? "fcgi-probe");
  const { FORCE_COLOR: _, CLICOLOR_FORCE: __, ...inherited } = process.env;
  const env = { ...inherited, ...options.env };
  const child =
    options.shell === undefined
      ? spawn(process.execPath, [bin, ...args], { env })
      : spawn("bash", ["-c", options.shell, bin, ...args], { env });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output.stderr += chunk;
  });
  child.stdin.end(options.stdin ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
  });
}
