import { constants } from "node:os";
import { setImmediate } from "node:timers/promises";
import { isatty } from "node:tty";
import { debuglog } from "node:util";
import { packageVersion } from "../exporter/package-version.js";
import { visible } from "../terminal/text.js";
import { ExitCode } from "./exit-codes.js";
import { createIo, type Io } from "./io.js";

/** The commands that SIGHUP makes reload. Until they handle it they ignore it: they read all later. */
const reloaded: ReadonlySet<string | undefined> = new Set(["exporter", "server", "serve"]);

/**
 * Runs the command `fcgi-probe` with its arguments, on the streams and signals of this process.
 *
 * @returns its exit code
 */
export function fcgiProbe(args: readonly string[]): Promise<number> {
  // Before the name of the command, only --color may stand.
  const isReloaded = reloaded.has(
    args[args[0] === "--color" ? 2 : /^--color=/.test(args[0] ?? "") ? 1 : 0],
  );
  return runProcess(
    "fcgi-probe",
    async (io) => {
      if (args[0] === "--version" || args[0] === "-V") {
        await io.stdout.write(`${packageVersion()}\n`);
        return 0;
      }
      // Loaded only now: --version takes little longer than Node needs to start.
      const { run } = await import("./program.js");
      return run(args, io);
    },
    { isReloaded },
  );
}

const endings = ["SIGINT", "SIGTERM"] as const;
/** Milliseconds from the end of a command to a forced exit, if something keeps Node running. */
const LEFT_OVER = 1_000;
const debug = debuglog("fcgi-probe");

/** How a command is run. */
interface CommandProcess {
  /** The exit code after an unexpected error. Default: 2. */
  readonly failed?: number;
  /** Whether SIGHUP makes it reload, once it handles signals itself. Default: false, it ends it. */
  readonly isReloaded?: boolean;
}

/**
 * Runs a command on the streams of this process. A signal cancels its requests and drains their
 * answers, because a client that leaves can end a worker of php-fpm. A second signal ends the process
 * at once. An unexpected error becomes one line on standard error and the exit code `failed`;
 * `NODE_DEBUG=fcgi-probe` shows its stack.
 *
 * @param name the name of the command, for messages
 */
export async function runProcess(
  name: string,
  run: (io: Io) => Promise<number>,
  { failed = ExitCode.Failed, isReloaded = false }: CommandProcess = {},
): Promise<number> {
  const signals = isReloaded ? endings : ([...endings, "SIGHUP"] as const);
  const ignore = (): void => {};
  if (isReloaded) process.on("SIGHUP", ignore);
  const stop = new AbortController();
  let received: NodeJS.Signals | undefined;
  const release = (): void => {
    for (const each of signals) process.off(each, onSignal);
    process.off("SIGHUP", ignore);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    received = signal;
    stop.abort();
    release();
  };
  const io = createIo(process, stop, release);
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  const hasHungUp = (): boolean =>
    received === "SIGHUP" || terminals.some((descriptor) => !isatty(descriptor));
  const fail = (error: unknown): void => {
    const isLimit = error instanceof Error && "code" in error && error.code === "EMFILE";
    const hint = isLimit ? ["hint: raise the limit of open files: ulimit -n"] : [];
    void io.stderr.writeLines([`${name}: ${unexpected(error)}`, ...hint]);
  };
  // A timer or an event has thrown. The command could wait forever for its result.
  const onUncaught = (error: unknown): void => {
    fail(error);
    if (hasHungUp()) endByHangUp();
    process.exit(failed);
  };
  process.on("uncaughtException", onUncaught);
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const exitCode = await run(io);
    // The error for a full disk arrives after the write.
    await setImmediate();
    if (received !== undefined) return 128 + constants.signals[received];
    const { error } = io.stdout;
    if (error === undefined) return exitCode;
    // The reader has closed the pipe, as `head` does. This is not a failure.
    if (error.code === "EPIPE") return exitCode === ExitCode.Interrupted ? ExitCode.Fine : exitCode;
    await io.stderr.write(`${name}: could not write: ${error.message}\n`);
    return failed;
  } catch (error) {
    fail(error);
    return failed;
  } finally {
    release();
    if (hasHungUp()) endByHangUp();
    setTimeout(() => process.exit(), LEFT_OVER).unref();
  }
}

/**
 * Lets the signal end the process, after all else has been done at its exit. Node resets its terminal
 * last, and aborts when that is gone (https://github.com/nodejs/node/issues/51519).
 */
function endByHangUp(): void {
  process.on("exit", () => {
    process.removeAllListeners("SIGHUP");
    process.kill(process.pid, "SIGHUP");
  });
}

/** One line, with the code or the name of the error. */
function unexpected(error: unknown): string {
  debug("%s", error instanceof Error ? error.stack : error);
  if (!(error instanceof Error)) return `failed: ${visible(String(error))}`;
  const { code } = error as NodeJS.ErrnoException;
  const [message = ""] = error.message.split("\n");
  return `failed: ${visible(message)} (${typeof code === "string" ? code : error.name})`;
}
