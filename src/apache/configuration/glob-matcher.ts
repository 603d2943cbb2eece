/** One item of a bracket expression: an escape, `[:class:]`, `[=x=]`, `[.x.]`, or a character. */
const ITEM = String.raw`\\[^]|\[:[a-z]*:\]|\[=[^]=\]|\[\.[^]\.\]|[^\]\\]`;
/** A bracket expression, in which a `]` may come first. An unclosed one is a character. */
const BRACKETS = String.raw`\[(?:[!^]|(?![!^]))(?:\]|${ITEM})(?:${ITEM})*\]`;
const parts = new RegExp(String.raw`\\[^]|${BRACKETS}|[^]`, "gu");
const items = new RegExp(String.raw`(?:^\]|${ITEM})`, "gu");

/** The classes of POSIX, for ASCII: what is a letter beyond it depends on the locale. */
const classes: ReadonlyMap<string, string> = new Map([
  ["alnum", "0-9A-Za-z"],
  ["alpha", "A-Za-z"],
  ["blank", String.raw` \t`],
  ["cntrl", String.raw`\0-\x1f\x7f`],
  ["digit", "0-9"],
  ["graph", "!-~"],
  ["lower", "a-z"],
  ["print", " -~"],
  ["punct", String.raw`!-/:-@\[-\x60{-~`],
  ["space", String.raw` \t-\r`],
  ["upper", "A-Z"],
  ["xdigit", "0-9A-Fa-f"],
]);

/**
 * Matches whole texts as a pattern of the shell does: with `*`, `?`, `[…]` and `\`, as glob(3) and
 * fnmatch(3). A pattern that POSIX leaves undefined matches nothing. The globs of the exporter's own
 * configuration are those of Prometheus' users, with braces, which picomatch reads.
 */
export function globMatcher(pattern: string): RegExp {
  const source = pattern.replace(parts, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length > 2 && part.startsWith("[")) return classOf(part.slice(1, -1));
    return literal(part);
  });
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    return /(?!)/; // Such as a range that runs backwards.
  }
}

/** What is between brackets, as JavaScript writes it. */
function classOf(inside: string): string {
  const isNegated = /^[!^]/.test(inside);
  const found = inside.slice(isNegated ? 1 : 0).match(items) ?? [];
  const last = found.length - 1;
  const source = found.map((item, index) => {
    if (item === "-") return index === 0 || index === last ? String.raw`\-` : item;
    const name = /^\[:(.*):\]$/.exec(item)?.[1];
    // An unknown class is an invalid expression.
    if (name !== undefined) return classes.get(name) ?? "z-a";
    return literal(item.length > 3 ? [...item].slice(2, -2).join("") : item);
  });
  return `[${isNegated ? "^" : ""}${source.join("")}]`;
}

/** A character, or one behind a backslash, as itself. */
function literal(part: string): string {
  const character = part.length > 1 && part.startsWith("\\") ? part.slice(1) : part;
  return character.replace(/[\\^$.|+*?()[\]{}/-]/, (each) =>
    each === "-" ? String.raw`\x2d` : `\\${each}`,
  );
}
