import { describe, expect, it } from "vitest";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";
import { bytesOf, formats, idle, pageOf, writePage } from "./page-writer.js";

/** -n as PHP prints an unsigned long. */
const wrapped = (below: number) => `${2n ** 64n - BigInt(below)}`;

describe.each(engines)("counts that fell below zero (%s)", (_, engine) => {
  const parse = (page: Uint8Array) => parseStatusPage(page, { engine });

  it("are 0 and lose no process: a worker that started before the clock was set back", () => {
    const { processes, warnings } = parse(fixture("fpm-cases/clock-set-back.txt"));
    expect(processes?.map(({ pid, startSince }) => [pid, startSince])).toEqual([
      [100, 5_057],
      [101, 0],
      [199, 5_057],
    ]);
    expect(warnings).toEqual([]);
  });

  it.each(formats)("lose no process in any format (%s)", (format) => {
    const later = { startTime: idle.startTime + 200, query: "a=1" };
    const page = Buffer.from(writePage(format, pageOf([{}, later, {}]))).toString("latin1");
    for (const since of ["-101", wrapped(101)]) {
      const { processes, warnings } = parse(bytesOf(page.replace("-101", since)));
      expect(processes?.map(({ pid, startSince }) => [pid, startSince])).toEqual([
        [101, 99],
        [102, 0],
        [103, 99],
      ]);
      expect(warnings).toEqual([]);
    }
  });

  it.each(["text", "json", "xml"] as const)("are 0 wherever a page has them (%s)", (format) => {
    for (const count of ["-3", wrapped(3)]) {
      const page = Buffer.from(
        writePage(format, pageOf([{ duration: count, contentLength: count }])),
      ).toString("latin1");
      const pattern = /(idle.processes"?[:>] *)\d+|(active.processes"?[:>] *)\d+/g;
      const status = parse(bytesOf(page.replace(pattern, `$1$2${count}`)));
      expect([status.idleProcesses, status.activeProcesses]).toEqual([0, 0]);
      const [process] = status.processes ?? [];
      expect([process?.requestDuration, process?.contentLength]).toEqual([0, 0]);
    }
  });

  it("are 0 on an OpenMetrics page", () => {
    const page = new TextDecoder().decode(fixture("fpm-status/static-idle--openmetrics.body.om"));
    for (const count of ["-3", "-3.0", wrapped(3), "1.8446744073709552e+19"]) {
      const status = parse(bytesOf(page.replace(/^(phpfpm_idle_processes) .*$/m, `$1 ${count}`)));
      expect(status.idleProcesses).toBe(0);
    }
  });
});
