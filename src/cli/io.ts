import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  type Stats,
  statSync,
} from "node:fs";
import { Socket } from "node:net";
import { devNull } from "node:os";
import type { Readable } from "node:stream";
import { isatty, ReadStream } from "node:tty";
import { ErrorCode, GatewayError } from "../errors.js";
import { Output, type OutputStream } from "../terminal/output.js";
import type { InputStream } from "../terminal/screen.js";

/** The streams and signals of a command. */
export interface Io {
  readonly stdin: InputStream;
  readonly stdout: Output;
  readonly stderr: Output;
  /** The environment variables. */
  readonly env: NodeJS.ProcessEnv;
  /** Aborted to end the command: by Ctrl-C, or when its output is closed. */
  readonly signal: AbortSignal;
  /** Ends the command as Ctrl-C does. */
  interrupt(): void;
  /** Stops handling signals, so that the command can handle them itself. */
  releaseSignals(): void;
}

export interface Streams {
  stdin: InputStream;
  stdout: OutputStream;
  stderr: OutputStream;
  env: NodeJS.ProcessEnv;
}

/** Creates the {@link Io} of a command. Aborting `stop` ends the command. */
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
    env,
    signal: stop.signal,
    interrupt: end,
    releaseSignals,
  };
}

/** A file that is open for reading. */
export interface OpenInput {
  descriptor: number;
  stats: Stats;
}

/**
 * Opens a file, a pipe or a device. A named pipe without a writer does not block.
 *
 * @throws GatewayError `bad_input` when it cannot be read, or is a folder
 */
export function openInput(path: string): OpenInput {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isDirectory()) return { descriptor, stats };
    closeSync(descriptor);
  } catch (cause) {
    throw unreadableInput((cause as Error).message, cause);
  }
  throw unreadableInput(`"${path}" is a folder`);
}

/** Whether standard input may have something to read: it is not a terminal, and not /dev/null. */
export function hasInput({ stdin }: Io): boolean {
  if (stdin.isTTY === true) return false;
  if (stdin !== process.stdin) return true;
  const stats = fstatSync(0);
  return !stats.isCharacterDevice() || stats.rdev !== statSync(devNull).rdev;
}

/**
 * Standard input. An abort of the signal closes it.
 *
 * @throws GatewayError `bad_input` when it is a folder, which Node reads as an empty file
 */
export function standardInput({ stdin, signal }: Io): InputStream {
  if (stdin === process.stdin && fstatSync(0).isDirectory()) {
    throw unreadableInput("standard input is a folder");
  }
  endWith(stdin, signal);
  return stdin;
}

/**
 * A stream of an open file. An abort of `signal` closes it. Pipes and terminals are read by the
 * event loop, because a thread of Node's pool that waits in `read` cannot be stopped.
 *
 * @param length the number of bytes to read from a file. Default: all of them
 */
export function inputStream(
  { descriptor, stats }: OpenInput,
  signal: AbortSignal,
  length?: number,
): Readable {
  const stream = streamOf(descriptor, stats, length);
  endWith(stream, signal);
  return stream;
}

/** Closes a stream when the command ends: a terminal or a pipe may never send another byte. */
function endWith(stream: Readable, signal: AbortSignal): void {
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", stop));
  if (signal.aborted) stop();
}

function streamOf(descriptor: number, stats: Stats, length: number | undefined): Readable {
  if (stats.isFIFO()) return new Socket({ fd: descriptor, readable: true, writable: false });
  if (isatty(descriptor)) return new ReadStream(descriptor);
  const end = length === undefined || length === 0 ? {} : { end: length - 1 };
  return createReadStream("", { fd: descriptor, ...end });
}

/** The error for a file that could not be read. */
export function unreadableInput(message: string, cause?: unknown): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, {
    hint: "give a file that can be read, or - for standard input",
    cause,
  });
}
