import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Engine } from "../engine/engine.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { deliver } from "./connection.js";

export interface ProcessOptions {
  /** The whole environment of the program. */
  environment: Readonly<Record<string, string>>;
  /** The folder to start the program in. Default: the one that contains it (RFC 3875 §7.2). */
  workingFolder?: string | undefined;
  /**
   * Milliseconds between SIGTERM and SIGKILL, and between the end of the program's output and
   * SIGTERM. Default: 2,000; 0 leaves no time.
   */
  killGrace?: number | undefined;
  engine?: Engine | undefined;
}

/** How a program ended: with a code, 0 to 255, or by a signal. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Whether it was terminated because it ran on after the end of its output. */
  lingered: boolean;
}

/** What a program reports. `failed` or `exited` is the last. */
export interface ProcessHandlers {
  started(): void;
  /** The next `length` bytes of its output are in the engine's window, until this returns. */
  data(length: number): void;
  /** Takes a view of its error output, valid until this returns. */
  stderr(bytes: Uint8Array): void;
  /** Everything written has left this process, after a `write` that returned false. */
  drained(): void;
  /** It could not be started. */
  failed(error: GatewayError): void;
  /** It has ended, and so has its output. */
  exited(exit: ProcessExit): void;
}

/** Milliseconds to keep reading the error output of an ended program if a child holds it open. */
const STDERR_LINGER = 100;

/** A signal to a process group reaches the program's children. Windows has no groups. */
const hasGroups = process.platform !== "win32";

const running = new Set<RunningProcess>();
const killAll = (): void => {
  for (const each of running) each.signal("SIGKILL");
};

/** A program with pipes to its standard streams, in a process group of its own. */
export class RunningProcess {
  readonly #handlers: ProcessHandlers;
  readonly #engine: Engine;
  readonly #killGrace: number;
  readonly #child: ChildProcessWithoutNullStreams | undefined;
  #exit: ProcessExit | undefined;
  #outputEnded = false;
  #terminated = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  /** Starts a program without a shell or arguments. It reports after this call has returned. */
  constructor(program: string, handlers: ProcessHandlers, options: ProcessOptions) {
    this.#handlers = handlers;
    this.#engine = options.engine ?? defaultEngine();
    this.#killGrace = options.killGrace ?? 2_000;
    const path = resolve(program);
    const fail = (error: Error): void => this.#fail(startError(error, path, existsSync(path)));
    try {
      this.#child = spawn(path, [], {
        cwd: options.workingFolder ?? dirname(path),
        env: options.environment,
        stdio: "pipe",
        detached: hasGroups,
        windowsHide: true,
      });
    } catch (error) {
      queueMicrotask(() => fail(error as Error));
      return;
    }
    this.#listen(this.#child, fail);
  }

  /**
   * Writes to the program's input, and drops the bytes that it does not read.
   *
   * @returns false to ask for a wait until `drained`
   */
  write(parts: readonly Uint8Array[]): boolean {
    const input = this.#child?.stdin;
    if (input === undefined || this.#closed || !input.writable) return true;
    let more = true;
    for (const part of parts) more = input.write(part);
    return more;
  }

  endInput(): void {
    this.#child?.stdin.end();
  }

  pause(): void {
    this.#child?.stdout.pause();
  }

  resume(): void {
    this.#child?.stdout.resume();
  }

  /** Sends SIGTERM to the program and its children, and SIGKILL after the `killGrace`. */
  terminate(): void {
    if (this.#terminated || !running.has(this)) return;
    this.#terminated = true;
    this.signal("SIGTERM");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.signal("SIGKILL"), this.#killGrace);
  }

  /** Frees the pipes at once, and terminates the program. Nothing is reported afterwards. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.terminate();
    this.#child?.stdin.destroy();
    this.#child?.stdout.destroy();
    this.#child?.stderr.destroy();
    if (this.#exit !== undefined) this.#unregister();
  }

  signal(name: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(hasGroups ? -pid : pid, name);
    } catch {
      // There is no such process any more.
    }
  }

  #listen(child: ChildProcessWithoutNullStreams, fail: (error: Error) => void): void {
    child.once("spawn", () => {
      if (running.size === 0) process.on("exit", killAll);
      running.add(this);
      if (this.#closed) this.terminate();
      else this.#handlers.started();
    });
    child.once("error", fail);
    child.once("exit", (code, signal) => this.#exited(code, signal));
    child.stdin.on("drain", () => this.#drained());
    // A program need not read its input. The pipe then breaks, and a wait for it has to end.
    child.stdin.on("error", () => this.#drained());
    const isClosed = (): boolean => this.#closed;
    child.stdout.on("data", (bytes: Buffer) => {
      deliver(bytes, this.#engine, this.#handlers, isClosed);
    });
    child.stdout.once("close", () => this.#endOutput());
    child.stderr.on("data", (bytes: Buffer) => {
      if (!this.#closed) this.#handlers.stderr(bytes);
    });
    child.stderr.once("close", () => this.#finish());
  }

  #drained(): void {
    if (!this.#closed) this.#handlers.drained();
  }

  /** A program whose output has ended has answered. It may run on for `killGrace`. */
  #endOutput(): void {
    this.#outputEnded = true;
    if (this.#closed || this.#finish()) return;
    this.#timer ??= setTimeout(() => this.terminate(), this.#killGrace);
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#exit = { code, signal, lingered: this.#terminated && !this.#closed };
    clearTimeout(this.#timer);
    // Its children have had as much time to end.
    if (this.#terminated) this.signal("SIGKILL");
    if (this.#closed) this.#unregister();
    else if (!this.#finish() && this.#outputEnded) {
      this.#timer = setTimeout(() => this.#child?.stderr.destroy(), STDERR_LINGER);
    }
  }

  /** @returns whether the program, its output and its error output have all ended */
  #finish(): boolean {
    const exit = this.#exit;
    if (this.#closed || exit === undefined || !this.#outputEnded) return false;
    if (this.#child?.stderr.closed !== true) return false;
    clearTimeout(this.#timer);
    this.#unregister();
    this.destroy();
    this.#handlers.exited(exit);
    return true;
  }

  #fail(error: GatewayError): void {
    if (this.#closed) return;
    this.destroy();
    this.#handlers.failed(error);
  }

  #unregister(): void {
    running.delete(this);
    if (running.size === 0) process.off("exit", killAll);
  }
}

/**
 * Explains why a program could not be started.
 *
 * @param exists whether the file exists: if so, its interpreter may be missing
 */
function startError(error: Error, program: string, exists: boolean): GatewayError {
  const { code = "" } = error as NodeJS.ErrnoException;
  const failure = (errorCode: ErrorCode, message: string, hint: string): GatewayError =>
    new GatewayError(errorCode, message, { hint, cause: error });
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return exists
        ? failure(
            ErrorCode.SocketMissing,
            `the interpreter of ${program}, or the folder to run it in, does not exist`,
            "check the first line of the program, and that it does not end in a carriage return",
          )
        : failure(
            ErrorCode.SocketMissing,
            `there is no program ${program}`,
            "give the path of a CGI program, as in cgi:/usr/lib/cgi-bin/x",
          );
    case "EACCES":
    case "EPERM":
      return failure(
        ErrorCode.PermissionDenied,
        `this user may not run ${program}`,
        "make it executable (chmod +x), and its folders accessible; a folder is not a program",
      );
    case "ENOEXEC":
      return failure(
        ErrorCode.ConnectFailed,
        `the system does not know how to run ${program}`,
        "give a script a first line such as #!/bin/sh",
      );
    case "E2BIG":
      return failure(
        ErrorCode.LimitExceeded,
        "the request's variables are larger than the system lets an environment be",
        "send fewer or shorter headers: Linux takes 128 KiB for each",
      );
    default:
      return failure(
        ErrorCode.ConnectFailed,
        `could not run ${program}: ${error.message}`,
        "check the limits of this user: processes, open files, memory",
      );
  }
}
