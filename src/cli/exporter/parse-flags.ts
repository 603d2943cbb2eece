import { GatewayError } from "../../errors.js";
import { ErrorList } from "./error-list.js";
import { badFlagValue } from "./flag-values.js";
import { allFlags, type Flag, type FlagKey, type FlagValues } from "./flags.js";

/** A command line of the exporter. */
export interface CommandLine {
  readonly values: FlagValues;
  /** The flags that were given, by their names in the table. Variables are not in it. */
  readonly given: ReadonlySet<FlagKey>;
  /** What is no flag: a subcommand, and addresses. */
  readonly operands: readonly string[];
  /** What to tell the user about old names. */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Named {
  readonly key: FlagKey;
  readonly flag: Flag;
  readonly isOld: boolean;
}

const byName = new Map<string, Named>(
  allFlags.flatMap(([key, flag]) => {
    const current = [flag.name, ...(flag.aliases ?? [])];
    return [
      ...current.map((name) => [name, { key, flag, isOld: false }] as const),
      ...(flag.oldNames ?? []).map((name) => [name, { key, flag, isOld: true }] as const),
    ];
  }),
);

/**
 * Reads arguments as Go's flag packages do: `--flag=value`, `--flag value`, `--boolean`,
 * `--boolean=false`, `--no-boolean`; one dash is as good as two. What comes after `--` is no flag.
 * Where a flag without a list is given twice, the last one counts. Commander knows neither
 * `--boolean=false` nor one dash before a long name.
 *
 * @throws GatewayError `bad_input` with all errors, a line each
 */
export function parseFlags(args: readonly string[], env: Environment): CommandLine {
  const read = new Map<FlagKey, unknown>();
  const operands: string[] = [];
  const warnings: string[] = [];
  const errors = new ErrorList();
  const add = (key: FlagKey, flag: Flag, text: string, shown: string): void => {
    const value = errors.attempt(() => readValue(flag, text, shown));
    if (value === undefined) return;
    const before = read.get(key) as readonly unknown[] | undefined;
    read.set(key, flag.isList ? [...(before ?? []), ...(value as readonly unknown[])] : value);
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === "--") {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (!/^-./.test(arg)) {
      operands.push(arg);
      continue;
    }
    const found = errors.attempt(() => findFlag(arg));
    if (found === undefined) continue;
    const { key, flag, isOld, name, value, isNegated } = found;
    const shown = `--${name}`;
    if (isOld) warnings.push(`${shown} is an old name: write --${flag.name}`);
    if (isNegated) add(key, flag, "false", shown);
    else if (flag.value === undefined) add(key, flag, value ?? "true", shown);
    else {
      const next = value ?? args[++at];
      if (next !== undefined) add(key, flag, next, shown);
      else errors.attempt(() => needsValue(shown, flag));
    }
  }
  const given = new Set(read.keys());
  for (const [key, flag] of allFlags) {
    for (const variable of flag.variables ?? []) {
      const text = env[variable] ?? "";
      if (text !== "" && (flag.variableAdds || !read.has(key))) add(key, flag, text, variable);
    }
    if (flag.isList && !read.has(key)) read.set(key, []);
  }
  errors.throwAny();
  const values = Object.fromEntries(allFlags.map(([key]) => [key, read.get(key)]));
  return { values: values as unknown as FlagValues, given, operands, warnings };
}

function findFlag(arg: string) {
  const [, name = "", , value] = /^--?([^=]*)(=([\s\S]*))?$/.exec(arg) ?? [];
  const named = byName.get(name);
  if (named !== undefined) return { ...named, name, value, isNegated: false };
  const negated = name.startsWith("no-") ? byName.get(name.slice(3)) : undefined;
  if (negated !== undefined && negated.flag.value === undefined && value === undefined) {
    return { ...negated, name, value, isNegated: true };
  }
  if (name.startsWith("k8s.")) {
    throw badFlagValue(
      `--${name} is not supported: Prometheus finds pods itself`,
      "use kubernetes_sd_configs in Prometheus, and let it ask /probe?target= of this exporter",
    );
  }
  throw badFlagValue(`unknown flag ${arg.replace(/=.*$/s, "")}`, suggestion(name));
}

function needsValue(shown: string, { value }: Flag): never {
  throw badFlagValue(`${shown} needs a value`, `write it as ${shown}=${value}`);
}

function suggestion(name: string): string {
  const close = [...byName.keys()].find((known) => {
    const [short, long] = known.length < name.length ? [known, name] : [name, known];
    return short.length > 3 && (long.includes(short) || differences(short, long) <= 2);
  });
  const all = "see fcgi-probe exporter --help";
  return close === undefined ? all : `did you mean --${close}? Otherwise ${all}`;
}

/** How many characters of two words differ, after their common start and end. */
function differences(short: string, long: string): number {
  let start = 0;
  while (start < short.length && short[start] === long[start]) start++;
  let end = 0;
  while (end < short.length - start && short.at(-1 - end) === long.at(-1 - end)) end++;
  return long.length - start - end;
}

function readValue(flag: Flag, text: string, shown: string): unknown {
  try {
    return flag.read(text);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw badFlagValue(`${shown}: ${error.message}`, error.hint);
  }
}
