import { closeSync, constants, createReadStream, fstatSync, openSync, type Stats } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { isatty, ReadStream } from "node:tty";
import { ErrorCode, GatewayError } from "../errors.js";
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
    throw unreadable((cause as Error).message, cause);
  }
  throw unreadable(`"${path}" is a folder`);
}

/**
 * Standard input, which `signal` ends.
 *
 * @throws GatewayError `bad_input` when it is a folder, which Node takes for an empty file
 */
export function standardInput({ stdin, signal }: Io): InputStream {
  if (stdin === process.stdin && fstatSync(0).isDirectory()) {
    throw unreadable("standard input is a folder");
  }
  endWith(stdin, signal);
  return stdin;
}

/**
 * What is read from it, which `signal` ends. Pipes and terminals are waited for by the event loop:
 * a thread that waited in `read` could not be ended.
 *
 * @param length bytes that a file is read for. Default: to its end
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

/** A keyboard or a pipe may keep silent for long after the command is to end. */
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

/** What the system says of a file that could not be read. */
export function unreadable(message: string, cause?: unknown): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, {
    hint: "give a file that can be read, or - for standard input",
    cause,
  });
}
