import type { Readable } from "node:stream";
import { Output, type OutputStream } from "./terminal/output.js";

/** A stream that may be a keyboard. */
export type InputStream = Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/** All that a command has of the world. */
export interface Io {
  readonly stdin: InputStream;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted when the command is to end: by Ctrl-C, or because nobody reads its output. */
  readonly signal: AbortSignal;
  /** Ends the command as Ctrl-C does. */
  interrupt(): void;
  /** From now on the command handles the signals to this process itself. */
  releaseSignals(): void;
}

export interface Streams {
  stdin: InputStream;
  stdout: OutputStream;
  stderr: OutputStream;
  env: NodeJS.ProcessEnv;
}

/** The world of a command. `stop` ends it early. */
export function createIo(
  { stdin, stdout, stderr, env }: Streams,
  stop: AbortController,
  releaseSignals: () => void = () => {},
): Io {
  const end = (): void => stop.abort();
  return {
    stdin,
    stdout: new Output(stdout, env, end),
    stderr: new Output(stderr, env),
    signal: stop.signal,
    interrupt: end,
    releaseSignals,
  };
}
