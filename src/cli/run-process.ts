import { constants } from "node:os";
import { ExitCode } from "./exit-codes.js";
import { createIo, type Io } from "./io.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a command on the streams of this process. A signal ends it in good order: requests under
 * way are cancelled, and their answers drained, because a client that leaves kills php-fpm's
 * workers. A second signal ends it at once.
 *
 * @param name the command's, for messages
 */
export async function runProcess(name: string, run: (io: Io) => Promise<number>): Promise<number> {
  const stop = new AbortController();
  let received: NodeJS.Signals | undefined;
  const release = (): void => {
    for (const each of signals) process.off(each, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    received = signal;
    stop.abort();
    release();
  };
  const io = createIo(process, stop, release);
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const exitCode = await run(io);
    if (received !== undefined) return 128 + constants.signals[received];
    const { error } = io.stdout;
    if (error === undefined) return exitCode;
    // The reader had enough: that is no failure of ours.
    if (error.code === "EPIPE") return exitCode === ExitCode.Interrupted ? ExitCode.Fine : exitCode;
    await io.stderr.write(`${name}: could not write: ${error.message}\n`);
    return ExitCode.Failed;
  } finally {
    release();
  }
}
