import { join } from "node:path";
import { filesOf, readLines } from "../configuration/configuration-files.js";
import { parseMemorySize, parseTimespan } from "./quantities.js";

/** The settings in ini files of apache-manager 2. */
export interface IniSettings {
  /** Seconds on one request after which a worker hangs. */
  readonly hangingWorkerThreshold?: number;
  /** The most bytes of memory of an active worker. */
  readonly maxMemoryActive?: number;
  /** The most bytes of memory of an idle worker. */
  readonly maxMemoryIdle?: number;
  /** The most seconds that a worker may spend on one request. */
  readonly workerTimeout?: number;
}

export interface IniSettingsResult {
  readonly settings: IniSettings;
  /** What could not be understood, in sentences. */
  readonly warnings: readonly string[];
}

const bytes = (text: string) => parseMemorySize(text, { binary: true });

const keys: ReadonlyMap<string, readonly [keyof IniSettings, (text: string) => number]> = new Map([
  ["hanging-worker-threshold", ["hangingWorkerThreshold", parseTimespan]],
  ["max-memory-active", ["maxMemoryActive", bytes]],
  ["max-memory-idle", ["maxMemoryIdle", bytes]],
  ["worker-timeout", ["workerTimeout", parseTimespan]],
]);

/** The ini files in the order in which they are read. Later ones take precedence. */
export function settingsFiles(home: string | undefined, etc = "/etc"): string[] {
  const stems = [join(etc, "apache-manager")];
  if (home !== undefined) {
    stems.push(join(home, ".apache-manager"), join(home, ".config", "apache-manager"));
  }
  return stems.flatMap((stem) => [`${stem}.ini`, ...filesOf(`${stem}.d/*.ini`)]);
}

/** Reads the section `[apache-manager]` of ini files. Missing files are ignored. */
export function readIniSettings(files: readonly string[]): IniSettingsResult {
  const settings: { -readonly [Key in keyof IniSettings]: IniSettings[Key] } = {};
  const warnings: string[] = [];
  for (const file of files) {
    const read = readLines(file);
    if ("problem" in read) {
      if (!read.isMissing) warnings.push(`${file} was not read: it ${read.problem}`);
      continue;
    }
    for (const { key, value, line } of entriesOf(read.lines)) {
      const known = keys.get(key);
      if (known === undefined) {
        warnings.push(`${file} sets ${key} on line ${line}, which is not a setting`);
        continue;
      }
      try {
        settings[known[0]] = known[1](value);
      } catch (error) {
        warnings.push(`${file} sets ${key} on line ${line}: ${(error as Error).message}`);
      }
    }
  }
  return { settings, warnings };
}

function* entriesOf(
  lines: readonly string[],
): Generator<{ key: string; value: string; line: number }> {
  let isOurs = false;
  for (const [index, text] of lines.entries()) {
    const section = /^\s*\[([^\]]*)\]/.exec(text);
    if (section !== null) {
      isOurs = section[1] === "apache-manager";
      continue;
    }
    const entry = /^\s*([^#;\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(text);
    if (!isOurs || entry === null) continue;
    yield { key: entry[1]!.toLowerCase(), value: entry[2]!, line: index + 1 };
  }
}
