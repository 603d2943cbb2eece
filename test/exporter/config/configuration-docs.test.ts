import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configurationSchema } from "../../../src/exporter/config/schema.js";

/** A part of a schema, as the library holds it. */
interface Node {
  readonly entries?: Readonly<Record<string, Node>>;
  readonly pipe?: readonly Node[];
  readonly wrapped?: Node;
  readonly item?: Node;
  readonly value?: Node;
  readonly options?: readonly (Node | string)[];
  readonly literal?: string;
  readonly getter?: (input: unknown) => Node;
}

/** The keys of a mapping; `undefined` for what is none. */
function entriesOf(node: Node): Readonly<Record<string, Node>> | undefined {
  if (node.entries !== undefined) return node.entries;
  const parts = [...(node.pipe ?? []).filter((part) => part !== node), node.getter?.({})];
  for (const part of parts) {
    const found = part && entriesOf(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The words of a part of a schema: keys of mappings at any depth, and what values may be. */
function wordsOf(node: Node): string[] {
  const { entries = {}, pipe = [], wrapped, item, value, options = [], literal, getter } = node;
  const inner = [...pipe.filter((part) => part !== node), wrapped, item, value, getter?.({})];
  return [
    ...Object.entries(entries).flatMap(([key, each]) => [key, ...wordsOf(each)]),
    ...options.flatMap((option) => (typeof option === "string" ? [option] : wordsOf(option))),
    ...(literal === undefined ? [] : [literal]),
    ...inner.flatMap((part) => (part === undefined ? [] : wordsOf(part))),
  ];
}

describe("the table of keys in docs/exporter.md", () => {
  const page = readFileSync(new URL("../../../docs/exporter.md", import.meta.url), "utf8");
  const [, table = ""] = /\n\| key \| \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(page) ?? [];
  const rows = new Map(
    [...table.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, key = "", text = ""]) => [key, text]),
  );
  const schema = entriesOf(configurationSchema as unknown as Node) ?? {};

  it("has the keys of the schema", () => {
    expect(new Set(rows.keys())).toEqual(new Set(Object.keys(schema)));
    expect(rows.size).toBeGreaterThan(8);
  });

  it.each(Object.entries(schema))("names every key and choice of %s, and no other", (key, node) => {
    const known = new Set(wordsOf(node));
    const code = [...(rows.get(key) ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
    const told = code
      .filter((text) => !text.startsWith("--") && !text.includes("="))
      .flatMap((text) => text.match(/[a-z][\w-]*/g) ?? []);
    // A row may refer to another one.
    const others = new Set(Object.keys(schema));
    expect(told.filter((word) => !known.has(word) && !others.has(word))).toEqual([]);
    expect([...known].filter((word) => !told.includes(word))).toEqual([]);
  });
});
