/** An option, as `getopt_long` describes it. */
export interface GetoptOption {
  readonly long: readonly string[];
  readonly short?: string;
  readonly takesValue?: boolean;
}

/** An error in a command line, worded as by getopt: `option --nope not recognized`. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

export interface ParsedOptions<Spec extends GetoptOption> {
  /** In the order of the command line. The value of an option that takes none is "". */
  readonly options: readonly { readonly spec: Spec; readonly value: string }[];
  /** All words from the first one that is not an option. */
  readonly positionals: readonly string[];
}

/**
 * Splits a command line as `getopt_long` does when it stops at the first positional: `-abVALUE`,
 * `-b VALUE`, `--long VALUE`, `--long=VALUE`, `--`, and unique prefixes of long names.
 *
 * @param tiers sets of options. A prefix is looked up in each set in turn, so a later set never
 * makes a prefix ambiguous
 * @throws OptionError
 */
export function parseOptions<Spec extends GetoptOption>(
  args: readonly string[],
  tiers: readonly (readonly Spec[])[],
): ParsedOptions<Spec> {
  const options: { spec: Spec; value: string }[] = [];
  const left = [...args];
  while (left[0]?.startsWith("-") && left[0] !== "-") {
    const word = left.shift() as string;
    if (word === "--") break;
    if (word.startsWith("--")) options.push(longOption(word.slice(2), left, tiers));
    else options.push(...shortOptions(word.slice(1), left, tiers.flat()));
  }
  return { options, positionals: left };
}

function longOption<Spec extends GetoptOption>(
  text: string,
  left: string[],
  tiers: readonly (readonly Spec[])[],
): { spec: Spec; value: string } {
  const equals = text.indexOf("=");
  const prefix = equals < 0 ? text : text.slice(0, equals);
  const { name, spec } = findLong(prefix, tiers);
  if (spec.takesValue !== true) {
    if (equals >= 0) throw new OptionError(`option --${name} must not have an argument`);
    return { spec, value: "" };
  }
  const value = equals < 0 ? left.shift() : text.slice(equals + 1);
  if (value === undefined) throw new OptionError(`option --${name} requires argument`);
  return { spec, value };
}

function findLong<Spec extends GetoptOption>(
  prefix: string,
  tiers: readonly (readonly Spec[])[],
): { name: string; spec: Spec } {
  const all = tiers.map((specs) =>
    specs.flatMap((spec) => spec.long.map((name) => ({ name, spec }))),
  );
  const exact = all.flat().find(({ name }) => name === prefix);
  if (exact !== undefined) return exact;
  for (const names of all) {
    const [first, second] = names.filter(({ name }) => name.startsWith(prefix));
    if (second !== undefined) throw new OptionError(`option --${prefix} not a unique prefix`);
    if (first !== undefined) return first;
  }
  throw new OptionError(`option --${prefix} not recognized`);
}

function shortOptions<Spec extends GetoptOption>(
  cluster: string,
  left: string[],
  specs: readonly Spec[],
): { spec: Spec; value: string }[] {
  const options: { spec: Spec; value: string }[] = [];
  for (let rest = cluster; rest !== ""; ) {
    const letter = [...rest][0]!;
    rest = rest.slice(letter.length);
    const spec = specs.find(({ short }) => short === letter);
    if (spec === undefined) throw new OptionError(`option -${letter} not recognized`);
    if (spec.takesValue !== true) {
      options.push({ spec, value: "" });
      continue;
    }
    const value = rest === "" ? left.shift() : rest;
    if (value === undefined) throw new OptionError(`option -${letter} requires argument`);
    options.push({ spec, value });
    rest = "";
  }
  return options;
}
