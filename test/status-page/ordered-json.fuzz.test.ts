import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PoolStatus } from "../../src/status-page/pool-status.js";
import { pageText } from "../../src/status-page/process-blocks.js";
import { readAnyPage, readJsonPage } from "../../src/status-page/read-json.js";
import { forgery, second } from "./forgery.js";
import { bytesOf, pageOf, writePage } from "./page-writer.js";

const milliseconds = Number(process.env["FUZZ_SECONDS"] ?? "2") * 400;

/** What a reader makes of a page, or why it refuses it. */
function outcome(read: () => PoolStatus): unknown {
  try {
    const { other, warnings, processes, ...pool } = read();
    const others = processes?.map((process) => process.other);
    return {
      pool: { ...pool },
      json: JSON.stringify({ ...pool, processes }),
      other,
      others,
      warnings,
    };
  } catch (error) {
    return String(error);
  }
}

function expectAgreement(page: Uint8Array): void {
  expect(outcome(() => readJsonPage(page))).toEqual(outcome(() => readAnyPage(pageText(page))));
}

const folder = new URL("../fixtures/fpm-status/", import.meta.url);
const captured = readdirSync(folder).filter((name) => name.endsWith(".body.json"));

const pieces = [
  ...[
    '"',
    "\\",
    '\\"',
    "\\/",
    "\\u0041",
    "\\x",
    "/",
    "?",
    ",",
    "x",
    " ",
    "\n",
    "\x7f",
    "\xff",
    "é",
  ],
  ...[
    '","script":"',
    '","user":"',
    '","request uri":"',
    '","content length":7,"user":"',
    '"pid":1,',
  ],
  '","last request cpu":0.00,"last request memory":1},{"pid":1,',
  ...["]}", "},{", "{", forgery("json", second), forgery("json", second + 1)],
];
const text = (most: number) =>
  fc.oneof(
    fc.constantFrom("-", "", "GET", "a".repeat(most)),
    fc
      .array(fc.constantFrom(...pieces), { maxLength: 8 })
      .map((parts) =>
        bytesOf(parts.join("")).reduce((all, byte) => all + String.fromCharCode(byte), ""),
      )
      .map((all) => all.slice(0, most)),
  );
const victim = fc.record(
  {
    pid: fc.constantFrom(0, 7, 4_194_304),
    state: fc.constantFrom("Idle", "Running", "Creating", "(null)", "Reading headers"),
    duration: fc.constantFrom("0", "18446744073709551615", "12345678901234567"),
    startTime: fc.constantFrom(0, 1_795_199_296, 1_795_199_300),
    cpu: fc.constantFrom("0.00", "1.25", "12,50", "nan", "-0.00"),
    method: text(15),
    path: text(127).map((each) => `/${each}`),
    query: text(511),
    user: text(33),
    script: text(257),
  },
  { requiredKeys: [] },
);

describe("the two readers of JSON pages", () => {
  it.each(captured)("agree on %s, whole and cut", (name) => {
    const page = new Uint8Array(readFileSync(new URL(name, folder)));
    expectAgreement(page);
    for (let cut = 1; cut < 60; cut++) expectAgreement(page.subarray(0, page.length - cut));
    for (let at = 1; at < 20; at++) {
      const end = Math.floor((page.length * at) / 20);
      expectAgreement(page.subarray(0, end));
    }
  });

  it("agree on pages of random requests, totals and escapes", () => {
    const escapes = fc.constantFrom("uri", "query", "nothing");
    fc.assert(
      fc.property(
        fc.array(victim, { maxLength: 4 }),
        fc.integer({ min: -1, max: 1 }),
        escapes as fc.Arbitrary<"uri" | "query" | "nothing">,
        (processes, more, jsonEscapes) => {
          const total = processes.length + more;
          expectAgreement(writePage("json", pageOf(processes, { total, jsonEscapes })));
        },
      ),
      { interruptAfterTimeLimit: milliseconds, numRuns: 1_000_000 },
    );
  });

  it("agree on pages of which a byte was changed, added or removed", () => {
    const page = writePage("json", pageOf([{}, { query: "a=b" }, { user: "bob" }]));
    const index = fc.integer({ min: 0, max: page.length - 1 });
    const inserted = fc.constantFrom(...pieces, ...'0 9-.,:{}[]"\\\n'.split("")).map(bytesOf);
    fc.assert(
      fc.property(index, fc.integer({ min: 0, max: 3 }), inserted, (at, removed, bytes) => {
        const rest = page.subarray(at + removed);
        expectAgreement(new Uint8Array([...page.subarray(0, at), ...bytes, ...rest]));
      }),
      { interruptAfterTimeLimit: milliseconds, numRuns: 1_000_000 },
    );
  });
});
