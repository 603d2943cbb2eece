import { describe, expect, it } from "vitest";
import {
  entriesOf,
  ORDERED_SINCE,
  poolFields,
  processFields,
} from "../../src/status-page/fields.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { createPool } from "../../src/status-page/records.js";
import { bytesOf, formats, pageOf, writePage } from "./page-writer.js";

const poolEntries = entriesOf(poolFields);
const processEntries = entriesOf(processFields);

describe("the table of fields", () => {
  it("has every key and every metric once", () => {
    for (const entries of [poolEntries, processEntries]) {
      const keys = entries.map(([, { key }]) => key);
      expect(new Set(keys).size).toBe(keys.length);
      const metrics = entries.flatMap(([, { metric }]) => metric?.name ?? []);
      expect(new Set(metrics).size).toBe(metrics.length);
    }
  });

  it("names a field as its key does", () => {
    for (const [name, { key }] of [...poolEntries, ...processEntries]) {
      expect(name).toBe(key.replace(/ ([a-z])/g, (_, letter: string) => letter.toUpperCase()));
    }
  });

  it("has the fields that a pool is made of, in their order", () => {
    const first = poolEntries.filter(([, { since }]) => since <= ORDERED_SINCE);
    const values = first.map((_, index) => index);
    const pool = Object.entries(createPool(values)).slice(0, first.length);
    expect(pool).toEqual(first.map(([name], index) => [name, index]));
  });

  it.each(formats)("has the keys of a page in %s, in their order", (format) => {
    const text = new TextDecoder().decode(writePage(format, pageOf([{}], { memoryPeak: 1 })));
    const keys = [...poolEntries, ...processEntries].map(([, { key, textKey = key }]) =>
      format === "text"
        ? `${textKey}:`
        : format === "json"
          ? `"${key}":`
          : `<${key.replaceAll(" ", "-")}>`,
    );
    let at = 0;
    for (const key of keys) {
      const found = text.indexOf(key, at);
      expect(found, key).toBeGreaterThanOrEqual(at);
      at = found + key.length;
    }
  });

  it.each(formats)("reads every field from a page in %s", (format) => {
    const page = parseStatusPage(writePage(format, pageOf([{}], { memoryPeak: 1 })));
    const [process] = page.processes ?? [];
    for (const [name] of poolEntries) expect(page[name], name).toBeDefined();
    for (const [name] of processEntries) expect(process?.[name], name).toBeDefined();
    expect([page.other, process?.other]).toEqual([[], []]);
  });

  it("leaves a later field out of pages that lack it", () => {
    const page = parseStatusPage(writePage("text", pageOf([])));
    expect(page.memoryPeak).toBeUndefined();
    expect(page.toJSON()).not.toHaveProperty("memoryPeak");
  });

  it("keeps a later field with an invalid value in other", () => {
    const text = new TextDecoder().decode(writePage("text", pageOf([], { memoryPeak: 1 })));
    const page = parseStatusPage(bytesOf(text.replace(/(memory peak: +)1/, "$1none")));
    expect(page.other).toEqual([["memory peak", "none"]]);
  });
});
