import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseServerStatusHtml, type WorkerPage } from "../../../src/apache/page/html-page.js";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { GatewayError } from "../../../src/errors.js";
import { engines } from "../../engine/engines.js";
import { fixture, least, pageOf } from "../fixtures.js";

/** The result of reading a page, or the code of its error. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

/** Overwrites bytes of a page. */
const damaged = (page: Uint8Array) =>
  fc
    .array(fc.tuple(fc.nat({ max: page.length - 1 }), fc.nat({ max: 255 })), { maxLength: 30 })
    .map((changes) => {
      const copy = page.slice();
      for (const [at, byte] of changes) copy[at] = byte;
      return copy;
    });

describe.each(engines)("a malformed text page, on the %s engine", (_, engine) => {
  it("is an error, or has a warning, wherever it was cut", () => {
    const page = fixture("event-loaded--auto.txt");
    for (let length = 0; length < page.length; length++) {
      const result = outcome(() => parseServerStatus(page.subarray(0, length), engine));
      if (typeof result === "string") expect(["truncated", "not_a_status_page"]).toContain(result);
      else expect((result as { warnings: string[] }).warnings).not.toEqual([]);
    }
  });

  it("is an error or a status, whatever bytes it has", () => {
    const page = fixture("extras-idle--auto.txt");
    fc.assert(
      fc.property(damaged(page), (bytes) => {
        expect(outcome(() => parseServerStatus(bytes, engine))).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });

  it("is read where every line is long", () => {
    const long = `X: ${"y".repeat(70_000)}`;
    const { other, busyWorkers } = parseServerStatus(pageOf(long, long, ...least, long), engine);
    expect(busyWorkers).toBe(1);
    expect(other).toHaveLength(2);
  });
});

describe("a malformed page of workers", () => {
  it("is an error or has workers, wherever it was cut", () => {
    const page = fixture("prefork-loaded-s00--html.html");
    for (let length = 0; length < page.length; length += 13) {
      const result = outcome(() => parseServerStatusHtml(page.subarray(0, length)));
      if (typeof result === "string") expect(result).toBe("not_a_status_page");
      else expect((result as WorkerPage).rows.length).toBeGreaterThan(0);
    }
  });

  it("is an error or has workers, whatever bytes it has", () => {
    const page = fixture("event-idle--html.html");
    fc.assert(
      fc.property(damaged(page), (bytes) => {
        expect(outcome(() => parseServerStatusHtml(bytes))).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });

  it("is read in time that grows as it does, however deep its tables are", () => {
    const start = performance.now();
    for (const part of ["<table>", "<table><tr><td>", "<td>", "<b>", "<!--", "<th>x", "&amp"]) {
      outcome(() => parseServerStatusHtml(part.repeat(50_000)));
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
