import { addAbortSignal } from "node:stream";
import { readLabeledTargets } from "../../../discovery/target-files.js";
import { openRegularFile } from "../../../transport/regular-file.js";
import { globFiles } from "./glob-files.js";
import type { FoundTarget, SourceReading, TargetSource } from "./target-source.js";

/** Milliseconds after which files are read again even where no change was noticed. */
const INTERVAL = 30_000;

/**
 * Files of targets, by a glob: those of Prometheus' file_sd, or an address a line. A file that
 * cannot be read keeps the targets that it had; a file that does not exist any more has none.
 *
 * @param glob a whole path, see {@link globFiles}
 */
export function fileSource(glob: string): TargetSource {
  let last = new Map<string, readonly FoundTarget[]>();
  let watched: readonly string[] = [];
  return {
    name: `files ${glob}`,
    interval: INTERVAL,
    folders: () => watched,
    async read(signal): Promise<SourceReading> {
      let files: readonly string[];
      try {
        ({ files, folders: watched } = await globFiles(glob));
      } catch (error) {
        return { targets: [...last.values()].flat(), problems: [(error as Error).message] };
      }
      const problems: string[] = [];
      const next = new Map<string, readonly FoundTarget[]>();
      for (const file of files) {
        try {
          next.set(file, await targetsOfFile(file, signal));
        } catch (error) {
          next.set(file, last.get(file) ?? []);
          problems.push(explain(file, error as Error));
        }
      }
      last = next;
      return { targets: [...next.values()].flat(), problems };
    },
  };
}

/** The most targets of a file. */
const MAX_TARGETS = 1_000_000;

async function targetsOfFile(file: string, signal: AbortSignal): Promise<FoundTarget[]> {
  const targets: FoundTarget[] = [];
  const opened = await openRegularFile(file);
  const stream = addAbortSignal(signal, opened.createReadStream());
  for await (const { address, labels } of readLabeledTargets(stream, file)) {
    if (targets.length === MAX_TARGETS) throw new Error(`it has more than ${MAX_TARGETS} targets`);
    targets.push({ address, labels, source: file });
  }
  return targets;
}

function explain(file: string, { message }: Error): string {
  return message.includes(file) ? message : `${file}: ${message}`;
}
