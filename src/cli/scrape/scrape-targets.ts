import { statSync } from "node:fs";
import { isTargetsFile, readTargets } from "../../discovery/target-files.js";
import type { LabeledTarget } from "../../discovery/target-groups.js";
import { hasInput, type Io, inputStream, openInput, standardInput } from "../io.js";
import { poolTargets } from "../options.js";

type Labels = LabeledTarget["labels"];

/** The largest file that is read as a whole, in bytes, so that the progress bar knows its end. */
const SMALL_FILE = 4_194_304;

/**
 * The targets of a scrape: those of a file or of standard input, then those of the command line.
 * Whatever is read is read once, and a large file only as its targets are needed.
 */
export class ScrapeTargets {
  readonly #file: string | undefined;
  readonly #addresses: readonly string[];
  readonly #io: Io;
  /** The lists that have been read, where they are kept. */
  #kept: readonly (readonly string[])[] | undefined;
  /** By address, the labels of each time that the address is given. */
  readonly #labels = new Map<string, Labels[]>();

  private constructor(file: string | undefined, addresses: readonly string[], io: Io) {
    this.#file = file;
    this.#addresses = addresses;
    this.#io = io;
  }

  /**
   * The targets that arguments name; without arguments, standard input or the pools of this machine.
   *
   * @param isKept whether `lists` is called several times
   * @throws GatewayError `bad_input`
   */
  static async open(args: readonly string[], isKept: boolean, io: Io): Promise<ScrapeTargets> {
    const { file, addresses } = await sourcesOf(args, io);
    const targets = new ScrapeTargets(file, addresses, io);
    if (isKept || file === undefined || (io.stderr.isTerminal && isSmallFile(file))) {
      const lists: (readonly string[])[] = [];
      for await (const list of targets.#read()) lists.push(list);
      targets.#kept = lists;
    }
    return targets;
  }

  /** The number of targets, if it is known before they are read. */
  get total(): number | undefined {
    return this.#kept?.reduce((sum, { length }) => sum + length, 0);
  }

  /** All targets. */
  async *lists(): AsyncGenerator<readonly string[], void, undefined> {
    yield* this.#kept ?? this.#read();
  }

  /**
   * The labels of a target that has been read, but for those that begin with `__`, which Prometheus
   * drops, too. An address that is given several times gets those of each time in turn.
   */
  labelsOf(address: string): Labels | undefined {
    const all = this.#labels.get(address);
    const labels = all?.shift();
    if (all === undefined || labels === undefined) return undefined;
    if (this.#kept !== undefined) all.push(labels);
    else if (all.length === 0) this.#labels.delete(address);
    const shown = Object.entries(labels).filter(([name]) => !name.startsWith("__"));
    return shown.length === 0 ? undefined : Object.fromEntries(shown);
  }

  async *#read(): AsyncGenerator<readonly string[], void, undefined> {
    const file = this.#file;
    if (file !== undefined) {
      const isInput = file === "-";
      const source = isInput
        ? standardInput(this.#io)
        : inputStream(openInput(file), this.#io.signal);
      yield* readTargets(source, isInput ? "standard input" : file, (address, labels) => {
        const all = this.#labels.get(address);
        if (all === undefined) this.#labels.set(address, [labels]);
        else all.push(labels);
      });
    }
    yield this.#addresses;
  }
}

async function sourcesOf(args: readonly string[], io: Io) {
  const [first, ...others] = args;
  if (first === undefined) {
    if (hasInput(io)) return { file: "-", addresses: [] };
    return { file: undefined, addresses: await poolTargets([], "status", io) };
  }
  return isTargetsFile(first)
    ? { file: first, addresses: others }
    : { file: undefined, addresses: args };
}

function isSmallFile(path: string): boolean {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= SMALL_FILE;
  } catch {
    // Opening the file gives the reason.
    return false;
  }
}
