import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ProcessState, processState } from "../../src/status-page/pool-status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";
import { formats, idle, pageOf, writePage } from "./page-writer.js";

/** A slot that php-fpm has reserved for a process that has not written to it yet. */
const reserved = {
  pid: 0,
  state: "(null)",
  startTime: 0,
  requests: 0,
  duration: "1497583779",
  method: "-",
  path: "-",
  script: "-",
  cpu: "0.00",
  memory: 0,
};

describe.each(engines)("a process that is being created (%s)", (_, engine) => {
  it("is a row without times on a page of php-fpm 8.2, and changes no other", () => {
    const page = fixture("fpm-cases/slot-without-process.txt");
    const { processes, warnings } = parseStatusPage(page, { engine });
    expect(processes?.map(({ pid }) => pid)).toEqual([0, 15_933, 15_939, 15_945]);
    expect(processes?.[0]?.toJSON()).toEqual({
      pid: 0,
      state: "Creating",
      startTime: undefined,
      startSince: undefined,
      requests: 0,
      requestDuration: undefined,
      requestMethod: "-",
      requestUri: "-",
      contentLength: 0,
      user: "-",
      script: "-",
      lastRequestCpu: 0,
      lastRequestMemory: 0,
    });
    expect(processes?.[2]).toMatchObject({
      state: "Running",
      startSince: 0,
      requestDuration: 1_284,
      requestUri: "/sleep.php?ms=4&worker=1&n=66",
    });
    expect(inspect(processes?.[2])).toContain("requestUri: '/sleep.php?ms=4&worker=1&n=66'");
    expect(processes?.[2]?.startTime?.toISOString()).toBe("2026-11-29T07:09:25.000Z");
    expect(warnings).toEqual([]);
  });

  it.each(formats)("is the same in every format, by either name of its state (%s)", (format) => {
    for (const state of ["(null)", "Creating"]) {
      // A user with a newline, so that the lines of the text page are not where they belong.
      for (const user of ["-", "b\nob"]) {
        const rows = [{ user }, { ...reserved, state }, {}];
        const page = writePage(format, pageOf(rows, { total: 2 }));
        const { processes, warnings } = parseStatusPage(page, { engine });
        expect(processes?.map((process) => process.toJSON().requestDuration)).toEqual([
          2_500_303,
          undefined,
          2_500_303,
        ]);
        expect(processes?.[1]).toMatchObject({ pid: 0, state: "Creating", startSince: undefined });
        expect(processes?.[1]?.startTime).toBeUndefined();
        // The total may count it or not.
        expect(warnings).toEqual([]);
      }
    }
  });

  it.each(formats)("has its start, but no duration, after its pid was written (%s)", (format) => {
    const rows = [{ ...reserved, pid: 102, startTime: idle.startTime + 99 }];
    const [process] = parseStatusPage(writePage(format, pageOf(rows)), { engine }).processes ?? [];
    expect(process).toMatchObject({ pid: 102, startSince: 0, requestDuration: undefined });
  });

  it("is counted even if the page has more rows than its total", () => {
    const rows = [reserved, {}, {}, {}];
    const { warnings } = parseStatusPage(writePage("text", pageOf(rows, { total: 2 })), { engine });
    expect(warnings).toEqual(["the page lists 4 processes and its total says 2"]);
  });
});

it("processState knows it", () => {
  expect(processState("(null)")).toBe(ProcessState.Creating);
  expect(processState("Creating")).toBe(ProcessState.Creating);
});
