import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/errors.js";
import type { PoolStatusJson } from "../../src/status-page/pool-status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";

const names = [
  "static-slow--text.body.txt",
  "hostile-user--text-full.body.txt",
  "static-slow--text-full.body.txt",
  "static-slow--json.body.json",
  "hostile-user--json-full.body.json",
  "static-slow--xml.body.xml",
  "hostile-method--xml-full.body.xml",
  "static-slow--openmetrics.body.om",
];

describe.each(engines)("status pages that were cut (%s)", (_, engine) => {
  it.each(names)("%s, cut at every point, has no wrong number", (name) => {
    const url = new URL(`../fixtures/fpm-status/${name}`, import.meta.url);
    const page = new Uint8Array(readFileSync(url));
    const whole = parseStatusPage(page, { engine }).toJSON();
    const codes = new Set<string>();
    for (let length = 0; length < page.length; length++) {
      try {
        const status = parseStatusPage(page.subarray(0, length), { engine });
        expectPartOf(status.toJSON(), whole);
        const isPlain = status.processes === undefined;
        expect(status.warnings.length > 0 || isPlain, `silent at ${length}`).toBe(true);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        codes.add(error.code);
      }
    }
    expect([...codes].sort()).toEqual(["not_a_status_page", "truncated"]);
  });

  it("a plain text page cut after a line says where it ends", () => {
    const url = new URL("../fixtures/fpm-status/static-slow--text.body.txt", import.meta.url);
    const page = new Uint8Array(readFileSync(url));
    const cut = page.subarray(0, page.length - "slow requests:        4\n".length);
    const status = parseStatusPage(cut, { engine });
    expect(status.slowRequests).toBeUndefined();
    expect(status.warnings).toEqual([
      'the page ends at "max children reached": an early PHP wrote it, or it was cut there',
    ]);
  });
});

/** Expects that every value of the part is that of the whole, and its processes the first ones. */
function expectPartOf({ processes, ...part }: PoolStatusJson, whole: PoolStatusJson): void {
  for (const [key, value] of Object.entries(part)) {
    if (value !== undefined) expect(value, key).toBe(whole[key as keyof PoolStatusJson]);
  }
  if (processes !== undefined) {
    expect(processes).toEqual(whole.processes?.slice(0, processes.length));
  }
}
