import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isoTime } from "../../src/status-page/iso-time.js";
import { poolJsonText } from "../../src/status-page/json-text.js";
import type { PoolStatus } from "../../src/status-page/pool-status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { createPool } from "../../src/status-page/records.js";

const folder = new URL("../fixtures/fpm-status/", import.meta.url);
const names = readdirSync(folder).filter((name) => /\.body\.(?:txt|json|xml|om)$/.test(name));

const expectSame = (pool: PoolStatus) =>
  expect(`{${poolJsonText(pool)}}`).toBe(JSON.stringify(pool));

describe("the JSON text of a pool", () => {
  it.each(names)("is that of JSON.stringify: %s", (name) => {
    expectSame(parseStatusPage(new Uint8Array(readFileSync(new URL(name, folder)))));
  });

  it.each([
    ['"quoted" \\ and \u2028 and \u0000 and \x7f', "dynamic"],
    ["\ud800 a surrogate by itself \udfff", "é😀"],
    ["", "</script>\n\t\b"],
    ["__proto__", "toJSON"],
  ])("escapes %j", (name, manager) => {
    const pool = createPool([name, manager]);
    pool.processes = [];
    expectSame(pool);
  });

  it.each([0, -0, 1.5, 1e21, 2 ** 64, 5e-7, Number.NaN, Number.POSITIVE_INFINITY])(
    "writes the number %d",
    (number) => expectSame(createPool(["www", "static", new Date(0), number])),
  );

  it("leaves out what is undefined", () => {
    expectSame(createPool());
    expectSame(createPool(["www"]));
    const pool = createPool();
    pool.processes = [];
    expectSame(pool);
  });
});

describe("isoTime", () => {
  const day = 86_400_000;
  const moments = [0, -1, 1, day - 1, day, -day, -day - 1, 951_782_400_000, 1_795_971_600_123];
  it.each([...moments, 253_402_300_800_000, -62_198_755_200_000, 8.64e15, -8.64e15])(
    "writes %d as toISOString does",
    (moment) => {
      for (const each of [moment, moment + 59_999, moment + 3_599_000, moment]) {
        const date = new Date(each);
        if (Number.isNaN(date.getTime())) continue;
        expect(isoTime(date)).toBe(date.toISOString());
      }
    },
  );

  it("refuses an invalid date as toISOString does", () => {
    expect(() => isoTime(new Date(Number.NaN))).toThrow(RangeError);
  });
});
