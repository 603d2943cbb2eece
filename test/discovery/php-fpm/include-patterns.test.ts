import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSections } from "../../../src/discovery/php-fpm/read-configuration.js";
import { GatewayError } from "../../../src/errors.js";
import { describeWith } from "../../harness/describe-with.js";
import { makeFolder } from "../../harness/server-process.js";
import { judge } from "./judge.js";

/** Names that patterns tell apart. */
const names = [
  ...["a", "b", "1", "A", "ab", "a b", "^", "!", "[", "]", "-", "x]", "a*", "{a,b}", "a\\b"],
  ...[".h", "a.b", "~", "_", "(", "+", "$", "|"],
];

const patterns = [
  ...["*", "?", "??", "a*", "*b", "?*b", ".*", "\\.h", "[.]h", "a.b"],
  ...["[ab]", "[!a]", "[^a]", "[a-b]", "[b-a]", "[!a-zA-Z]", "[a-]", "[-a]", "[!-]", "[+-.]"],
  ...["[]]", "[!]]", "[]x]*", "x[]]", "[]", "[!]", "[", "[a", "a[", "[[]", "[[a]", "[^!]", "[!^]"],
  ...["[[:digit:]]", "[[:alpha:]]", "[[:alnum:]]", "[![:alpha:]]", "[[:alpha:][:digit:]]"],
  ...["[[:upper:]]", "[[:lower:]_]", "[[:punct:]]", "[[:xdigit:]]", "[a[:space:]]*", "[[:graph:]]"],
  ...["a[[:blank:]]b", "[[:print:]]", "[[:cntrl:]]", "[[:nope:]]", "[[:digit]", "[:a:]", "[[=a=]]"],
  ...["[[.-.]]", "[[.a.]-b]", "\\a", "\\*", "a\\*", "[\\]]", "[a\\]]", "[\\!a]", "\\[", "a\\\\b"],
  ...["{a,b}", "a/b", "(a|b)", "(", "+", "$", "|", "a+", "~"],
];

/** A pool that listens on a port. */
const pool = (name: string, port: number, more = "") =>
  `[${name}]\nlisten = ${port}\npm = static\npm.max_children = 1\n${more}`;

describeWith(["php-fpm"], "the pattern of an include", () => {
  const folder = makeFolder();
  mkdirSync(join(folder, "d"));
  for (const [index, name] of names.entries()) {
    writeFileSync(join(folder, "d", `${name}.conf`), pool(`pool${index}`, 9_000 + index));
  }

  /** The files of our reader, by their names; `undefined` where it refuses the configuration. */
  function ours(file: string, prefix = "/usr"): string[] | undefined {
    try {
      const { pools } = readSections(file, { prefix, lookUp: () => "" });
      return pools.map(({ name }) => name).sort();
    } catch (error) {
      if (error instanceof GatewayError) return undefined;
      throw error;
    }
  }

  it.each(patterns)("%s names the same files as for php-fpm", (pattern) => {
    const file = join(folder, "main");
    const log = `[global]\nerror_log = ${folder}/error.log\n`;
    const include = `include = '${folder}/d/${pattern}.conf'\n`;
    writeFileSync(file, log + include + pool("own", 8_999));
    const { isAccepted, sections, output } = judge(file, { LC_ALL: "C" });
    const theirs = [...sections.keys()].filter((name) => name !== "global").sort();
    expect(ours(file), output).toEqual(isAccepted ? theirs : undefined);
  });

  it("is relative to the prefix: that which is built in, or that of -p", () => {
    const [main, own] = [join(folder, "relative"), pool("own", 8_999)];
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "a.conf"), pool("sub", 8_998));
    const read = (include: string, prefix?: string) => {
      writeFileSync(
        main,
        `[global]\nerror_log = ${folder}/error.log\ninclude = ${include}\n${own}`,
      );
      const { sections, output } = judge(main, {}, prefix === undefined ? [] : ["-p", prefix]);
      const theirs = [...sections.keys()].filter((name) => name !== "global").sort();
      expect(ours(main, prefix), output).toEqual(theirs);
      return theirs;
    };
    // Neither the folder of the file nor that of work counts.
    expect(read("sub/*.conf", folder)).toEqual(["own", "sub"]);
    expect(read(`..${folder}/sub/*.conf`)).toEqual(["own", "sub"]);
    expect(read("sub/a.conf")).toEqual(["own"]);
  });
});
