import { statSync } from "node:fs";
import { dirname } from "node:path";
import { ErrorCode, GatewayError } from "../../errors.js";
import { writeAtomically } from "../../transport/write-atomically.js";
import { metricsText } from "../metrics/metrics-text.js";
import type { LogListener } from "../settings.js";
import { collectSamples, type PushSource } from "./push-source.js";
import { RepeatedPush } from "./repeated-push.js";

export interface TextfileOptions extends PushSource {
  /** The file. node_exporter reads those that end in `.prom`. */
  readonly path: string;
  /** Milliseconds from one writing to the next. */
  readonly interval: number;
  readonly log: LogListener;
}

const messages = {
  works: "the textfile is written",
  fails: "the textfile cannot be written",
  worksAgain: "the textfile is written again",
} as const;

/**
 * Writes all metrics to a file on an interval, in the text format 0.0.4 and without timestamps, for
 * node_exporter's textfile collector. The file is replaced as a whole, has the mode 0644, and stays
 * at the end: node_exporter shows its age.
 */
export function startTextfile({ path, interval, log, ...source }: TextfileOptions): RepeatedPush {
  if (!isTextfileName(path)) log({ level: "warn", message: badTextfileName, destination: path });
  const write = async (signal: AbortSignal) => {
    const { samples, options } = await collectSamples(source, interval);
    // What was cancelled by the end of the exporter is no news of the targets.
    if (signal.aborted) return undefined;
    await writeTextfile(path, metricsText(samples, options));
    return undefined;
  };
  return new RepeatedPush(write, { interval, destination: path, messages, log });
}

/** What is wrong with a name that is not {@link isTextfileName}. */
export const badTextfileName = "node_exporter reads only files whose names end in .prom";

/** Whether node_exporter reads a file of this name. */
export function isTextfileName(path: string): boolean {
  return path.endsWith(".prom");
}

/** Why no file can be created at a path; `undefined` where nothing is known that is in its way. */
export function textfileProblem(path: string): string | undefined {
  const folder = dirname(path);
  try {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
      return `the textfile has no folder: ${folder} is missing`;
    }
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
    return isFolder ? `the textfile cannot be written: ${path} is a folder` : undefined;
  } catch (error) {
    return `the textfile cannot be written: ${(error as Error).message}`;
  }
}

/**
 * Replaces a file that node_exporter may read at any moment, with the mode 0644.
 *
 * @throws GatewayError `bad_input` if it cannot be written
 */
export async function writeTextfile(path: string, text: Iterable<string>): Promise<void> {
  try {
    await writeAtomically(path, text, { mode: 0o644, isDurable: false });
  } catch (cause) {
    throw new GatewayError(ErrorCode.BadInput, (cause as Error).message, {
      hint: "name a file in a folder that exists, and in which this user may create files",
      cause,
    });
  }
}
