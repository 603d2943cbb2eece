import { describe, expect, it } from "vitest";
import { importsOf, isReExportsOnly } from "./imports.js";

describe("importsOf", () => {
  const cases: [source: string, specifier: string | undefined, typeOnly: boolean][] = [
    ['import { a, type B } from "./x.js";', "./x.js", false],
    ['import * as a from "node:fs";', "node:fs", false],
    ['import a, { b } from "x";', "x", false],
    ['import type { A } from "node:net";', "node:net", true],
    ['import "./side-effect.js";', "./side-effect.js", false],
    ['import {\n  a,\n  b,\n} from "./x.js";', "./x.js", false],
    ['export { a } from "./x.js";', "./x.js", false],
    ['export * from "./x.js";', "./x.js", false],
    ['export * as x from "./x.js";', "./x.js", false],
    ['export type { A } from "./x.js";', "./x.js", true],
    ['import{a}from"./x.js";', "./x.js", false],
    ['const x = await import("./x.js");', "./x.js", false],
    ['let x: import("node:net").Socket;', "node:net", false],
    ["const x = await import(name);", undefined, false],
  ];
  it.each(cases)("finds the import in %j", (source, specifier, typeOnly) => {
    expect(importsOf(source)).toEqual([{ specifier, typeOnly }]);
  });

  it.each([
    '// import { a } from "./x.js";',
    '/* import("./x.js") */',
    '/**\n * import { a } from "./x.js";\n */',
    'const from = "import";',
    'export const a = { from: "x" };',
    'export function f() {}\nconst note = `taken from "x"`;',
  ])("finds none in %j", (source) => {
    expect(importsOf(source)).toEqual([]);
  });

  it("is not led astray by a string that looks like a comment", () => {
    expect(importsOf('const a = "/*";\nimport { b } from "./x.js";\nconst c = "*/";')).toEqual([
      { specifier: "./x.js", typeOnly: false },
    ]);
  });
});

describe("isReExportsOnly", () => {
  it("accepts named, type, star and namespace re-exports, and comments", () => {
    const door =
      '/** Door. */\nexport { a, b as c } from "./x.js";\nexport type { D } from "./y.js";';
    expect(isReExportsOnly(`${door}\nexport * from "./z.js";\nexport * as n from "./n.js";`)).toBe(
      true,
    );
  });

  it.each([
    "export const a = 1;",
    'import "./x.js";',
    'import { a } from "./x.js";\nexport { a };',
  ])("refuses %j", (source) => expect(isReExportsOnly(source)).toBe(false));
});
