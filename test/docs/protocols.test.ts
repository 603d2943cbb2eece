import { describe, expect, it } from "vitest";
import { createDescriber } from "../../src/describe/create-describer.js";
import { hex } from "../bytes.js";
import {
  latin1,
  plainNetstring,
  plainPairs,
  plainParams,
  plainRecords,
} from "../captures/plain.js";
import { fixture, fixtures } from "../fixtures.js";
import { blocksOf, readPage, tableBelow } from "./pages.js";

const page = readPage("docs/protocols.md");
const blocks = blocksOf(page);
/** Rows of a table with so many columns, without its head. */
const isFilled = (columns: number) => (row: readonly string[]) =>
  row.length === columns && code(row[0]) !== undefined;
const code = (cell = "") => /^`(.*)`$/.exec(cell)?.[1];

describe("docs/protocols.md", () => {
  const examples = blocks.filter(({ language }) => language === "hex");

  it("is short, and has an output for each block of bytes", () => {
    expect(page.text.trimEnd().split("\n").length).toBeLessThanOrEqual(250);
    expect(examples).toHaveLength(9);
    expect(blocks).toHaveLength(2 * examples.length);
  });

  it.each(examples)("shows what decode prints of $text", (example) => {
    const expected = blocks[blocks.indexOf(example) + 1];
    const describer = createDescriber(example.kind === "uwsgi" ? { protocol: "uwsgi" } : {});
    const lines = [...describer.push(hex(example.text)), ...describer.end()];
    expect(expected?.language).toBe("text");
    expect(`${lines.map((line) => line.trimEnd()).join("\n")}\n`).toBe(expected?.text);
  });

  it.each(tableBelow(page, "What front ends send to php-fpm").filter(isFilled(5)))(
    "says what %s sends to php-fpm",
    (front, ids, keep, padded, length) => {
      const all = fixtures("wire", ".c2s.bin").filter((name) =>
        name.startsWith(`wire/${code(front)}-fpm--`),
      );
      const found = { ids: new Set<number>(), keep: new Set(), padded: true, length: new Set() };
      for (const file of all) {
        const bytes = fixture(file);
        for (const { type, requestId, content } of plainRecords(bytes)) {
          found.ids.add(requestId);
          if (type === 1) found.keep.add(content[2] === 1 ? "yes" : "no");
        }
        found.padded &&= recordsArePadded(bytes);
        for (const pairs of plainParams(bytes).map(plainPairs)) {
          const variables = new Map(pairs);
          if (variables.get("REQUEST_METHOD") !== "GET") continue;
          const value = variables.get("CONTENT_LENGTH");
          found.length.add(value === undefined ? "absent" : value || "empty");
        }
      }
      const [first, second, third] = [...found.ids].sort((one, other) => one - other);
      const many = second === undefined ? `${first}` : `${first}, ${second}, ${third}…`;
      expect([many, [...found.keep], found.padded ? "yes" : "no", [...found.length]]).toEqual([
        ids,
        [keep],
        padded,
        [length],
      ]);
    },
  );

  it.each(tableBelow(page, "What front ends send to php-fpm").filter(isFilled(4)))(
    "says how %s has a path",
    (connection, ...cells) => {
      const name = `wire/${code(connection)}--pathinfo--001.c2s.bin`;
      const variables = variablesOf(name, fixture(name));
      const names = ["SCRIPT_NAME", "SCRIPT_FILENAME", "PATH_INFO"];
      expect(names.map((each) => variables.get(each))).toEqual(cells.map(code));
    },
  );
});

/** Whether every record ends at a multiple of eight. */
function recordsArePadded(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length; ) {
    if (at % 8 !== 0) return false;
    at += 8 + view.getUint16(at + 4) + view.getUint8(at + 6);
  }
  return true;
}

function variablesOf(name: string, bytes: Uint8Array): Map<string, string> {
  if (name.includes("-fpm--")) return new Map(plainParams(bytes).flatMap(plainPairs));
  const texts = name.includes("-scgi--") ? plainNetstring(bytes).split("\0") : packetTexts(bytes);
  return new Map(texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1] ?? ""]] : [])));
}

/** The names and values of a uwsgi packet. */
function packetTexts(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts: string[] = [];
  for (let at = 4; at < 4 + view.getUint16(1, true); ) {
    const end = at + 2 + view.getUint16(at, true);
    texts.push(latin1(bytes.subarray(at + 2, end)));
    at = end;
  }
  return texts;
}
