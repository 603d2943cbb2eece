/** Modules that are part of every httpd, or of every distribution's. */
const builtIn = ["core", "http", "so", "log_config", "logio", "version", "unixd", "watchdog"];

/**
 * The modules that a configuration has loaded. Before the first LoadModule nothing is known, so the
 * blocks of every `<IfModule>` are read, also those with `!`.
 */
export class LoadedModules {
  readonly #names = new Set(builtIn);
  #isKnown = false;

  /** LoadModule's arguments: `ssl_module modules/mod_ssl.so`. */
  add(identifier: string, file: string): void {
    this.#isKnown = true;
    this.#names.add(shortName(identifier));
    this.#names.add(shortName(file.slice(file.lastIndexOf("/") + 1)));
  }

  /** Whether a block for this condition is read: `ssl_module`, `mod_ssl.c`, or with `!` in front. */
  admits(condition: string): boolean {
    if (!this.#isKnown) return true;
    const isNegated = condition.startsWith("!");
    const name = shortName(isNegated ? condition.slice(1).trim() : condition);
    return this.#names.has(name) !== isNegated;
  }
}

/** `ssl` of `ssl_module`, `mod_ssl.c` and `mod_ssl.so`; `prefork` of `mpm_prefork_module`. */
function shortName(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.(?:c|cpp|so|dll)$/, "")
    .replace(/_module$/, "")
    .replace(/^(?:lib)?mod_/, "")
    .replace(/^mpm_/, "")
    .replace(/^http_core$/, "http");
}

/**
 * Whether an httpd of a version reads an `<IfVersion>` with these arguments, as mod_version has it;
 * `undefined` for what it would refuse to start with.
 *
 * @param version such as `2.4.66` or `2.5.1-dev`
 */
export function matchesVersion(version: string, values: readonly string[]): boolean | undefined {
  const [first = "", second] = values;
  const [operator, wanted] = second === undefined ? ["=", first] : [first, second];
  const isNegated = operator.startsWith("!");
  const matches = compare(version, isNegated ? operator.slice(1) : operator, wanted);
  return matches === undefined ? undefined : matches !== isNegated;
}

function compare(version: string, operator: string, wanted: string): boolean | undefined {
  const slashed = /^\/(.*)\/$/.exec(wanted)?.[1];
  if (operator === "~") return matchesPattern(version, slashed ?? wanted);
  const isEquality = operator === "=" || operator === "==";
  if (isEquality && slashed !== undefined) return matchesPattern(version, slashed);
  const order = orderOf(version, wanted);
  if (order === undefined) return undefined;
  switch (operator) {
    case "=":
    case "==":
      return order === 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
  }
  return undefined;
}

function matchesPattern(version: string, pattern: string): boolean | undefined {
  try {
    return new RegExp(pattern).test(version);
  } catch {
    return undefined;
  }
}

/** Numbers that are left out are 0: `= 2.4` is 2.4.0 alone. */
function orderOf(version: string, wanted: string): number | undefined {
  if (!/^\d{1,9}(?:\.\d{1,9}){0,2}$/.test(wanted)) return undefined;
  const numbers = wanted.split(".").map(Number);
  for (const [index, number] of version.split("-", 1)[0]?.split(".").entries() ?? []) {
    const difference = Number(number) - (numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
