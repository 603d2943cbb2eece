import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ProcessState, processState } from "../../src/status-page/pool-status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";
import { bytesOf, formats, pageOf, writePage } from "./page-writer.js";

/** A page as text, each letter a byte. */
function textOf(page: Uint8Array): string {
  return Array.from(page, (byte) => String.fromCharCode(byte)).join("");
}

describe.each(engines)("status pages of all versions (%s)", (_, engine) => {
  const parse = (page: Uint8Array | string) =>
    parseStatusPage(typeof page === "string" ? bytesOf(page) : page, { engine });

  it("S0.7 reads the 14 lines of a text page, and preserves an unknown key", () => {
    const lines =
      "pool:                 www\nprocess manager:      dynamic\n" +
      "start time:           15/Aug/2018:14:29:57 +0000\nstart since:          1200\n" +
      "accepted conn:        7\nlisten queue:         1\nmax listen queue:     2\n" +
      "listen queue len:     128\nidle processes:       3\nactive processes:     4\n" +
      "total processes:      7\nmax active processes: 5\nmax children reached: 6\n" +
      "slow requests:        8\n";
    const status = parse(lines);
    expect(status.toJSON()).toEqual({
      pool: "www",
      processManager: "dynamic",
      startTime: "2018-08-15T14:29:57.000Z",
      startSince: 1200,
      acceptedConn: 7,
      listenQueue: 1,
      maxListenQueue: 2,
      listenQueueLen: 128,
      idleProcesses: 3,
      activeProcesses: 4,
      totalProcesses: 7,
      maxActiveProcesses: 5,
      maxChildrenReached: 6,
      slowRequests: 8,
    });
    expect([status.processes, status.warnings]).toEqual([undefined, []]);
    const other = parse(`${lines}colour:               blue\n`);
    expect(other.other).toEqual([["colour", "blue"]]);
    expect(other.toJSON()).toEqual(status.toJSON());
  });

  it("reads PHP 5.3, which has its own order and fewer keys", () => {
    const status = parse(
      "accepted conn:   12073\npool:            www\nprocess manager: dynamic\n" +
        "idle processes:  35\nactive processes: 65\ntotal processes: 100\n",
    );
    expect(status.toJSON()).toEqual({
      pool: "www",
      processManager: "dynamic",
      acceptedConn: 12_073,
      idleProcesses: 35,
      activeProcesses: 65,
      totalProcesses: 100,
    });
    expect(status.warnings).toEqual([]);
  });

  it("reads PHP 5 on a system without a listen queue and without times()", () => {
    const page = textOf(writePage("text", pageOf([{}, { user: "bob" }])))
      .replace(/^(?:max )?listen queue.*\n/gm, "")
      .replace(/^last request cpu:.*\n/gm, "");
    const status = parse(page);
    expect([status.listenQueue, status.maxListenQueue, status.listenQueueLen]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(status.slowRequests).toBe(6);
    expect(status.processes?.map((process) => process.lastRequestCpu)).toEqual([
      undefined,
      undefined,
    ]);
    expect(
      status.processes?.map(({ user, lastRequestMemory }) => [user, lastRequestMemory]),
    ).toEqual([
      ["-", 2_097_152],
      ["bob", 2_097_152],
    ]);
  });

  it("reads PHP 8.4's memory peak in every format, and 8.4's OpenMetrics", () => {
    for (const format of formats) {
      for (const full of [true, false]) {
        const page = pageOf([{}], { memoryPeak: 6_291_456 });
        if (!full) delete (page as { processes?: unknown }).processes;
        const status = parse(writePage(format, page));
        expect([status.memoryPeak, status.processes?.length]).toEqual([
          6_291_456,
          full ? 1 : undefined,
        ]);
        expect(status.toJSON().memoryPeak).toBe(6_291_456);
      }
    }
    const openMetrics = readFileSync(
      new URL("../fixtures/fpm-status/static-slow--openmetrics.body.om", import.meta.url),
      "latin1",
    );
    const peak = "# TYPE phpfpm_memory_peak gauge\nphpfpm_memory_peak 6291456\n# EOF\n";
    expect(parse(openMetrics.replace("# EOF\n", peak)).memoryPeak).toBe(6_291_456);
  });

  it("keeps unknown keys, in order and with duplicates, in every format", () => {
    const fork = {
      text: [/^state:/gm, "client:               10.0.0.7\nstate:"],
      json: [/"state":/g, '"client":"10.0.0.7","state":'],
      xml: [/<state>/g, "<client>10.0.0.7</client><state>"],
    } as const;
    const future = {
      text: [/^(last request memory:.*\n)/gm, "$1gc runs:              3\n"],
      json: [/("last request memory":\d+)/g, '$1,"gc runs":3'],
      xml: [/(<\/last-request-memory>)/g, "$1<gc-runs>3</gc-runs>"],
    } as const;
    const pool = {
      text: [/^(slow requests:.*\n)/gm, "$1shard:                a\nshard:                b\n"],
      json: [/("slow requests":\d+)/g, '$1,"shard":"a","shard":"b"'],
      xml: [/(<\/slow-requests>\n)/g, "$1<shard>a</shard>\n<shard>b</shard>\n"],
    } as const;
    for (const format of formats) {
      const page = textOf(writePage(format, pageOf([{ user: "bob" }, {}])))
        .replace(fork[format][0], fork[format][1])
        .replace(future[format][0], future[format][1])
        .replace(pool[format][0], pool[format][1]);
      const status = parse(page);
      expect(status.other).toEqual([
        ["shard", "a"],
        ["shard", "b"],
      ]);
      const runs = format === "xml" ? "gc-runs" : "gc runs";
      for (const process of status.processes ?? []) {
        expect(process.other).toEqual([
          ["client", "10.0.0.7"],
          [runs, "3"],
        ]);
      }
      expect(status.processes?.map(({ user, state }) => [user, state])).toEqual([
        ["bob", "Idle"],
        ["-", "Idle"],
      ]);
      expect(status.warnings).toEqual([]);
    }
  });

  it("reads a list without processes", () => {
    for (const format of ["json", "xml"] as const) {
      expect(parse(writePage(format, pageOf([]))).processes).toEqual([]);
    }
    // A full text page without processes is the same bytes as a plain one.
    expect(parse(writePage("text", pageOf([]))).processes).toBeUndefined();
  });

  it("clamps what PHP wrapped around 2^64, and reads lengths beyond MAX_SAFE_INTEGER", () => {
    for (const format of formats) {
      const page = pageOf([
        { duration: "18446744073709551507", contentLength: "18446744073709551615" },
        { duration: "9223372036854775807", contentLength: "9007199254740993" },
      ]);
      const { processes } = parse(writePage(format, page));
      expect(processes?.map((process) => [process.requestDuration, process.contentLength])).toEqual(
        [
          [0, 0],
          [2 ** 63, 9_007_199_254_740_992],
        ],
      );
    }
  });

  it("reads CRLF as LF", () => {
    const page = pageOf([{ user: "b\r\nob" }, { pid: 7 }]);
    const plain = textOf(writePage("text", pageOf([{}, { pid: 7 }])));
    expect(parse(plain.replaceAll("\n", "\r\n")).toJSON()).toEqual(parse(plain).toJSON());
    const hostile = textOf(writePage("text", page)).replaceAll(/\r?\n/g, "\r\n");
    const status = parse(hostile);
    expect(status.processes?.map(({ pid, user }) => [pid, user])).toEqual([
      [101, "b\r\nob"],
      [7, "-"],
    ]);
  });

  it("keeps the order of the page, and processes that share a pid", () => {
    for (const format of formats) {
      const page = pageOf([{ pid: 9 }, { pid: 3, user: "a" }, { pid: 3, user: "b" }]);
      const { processes, warnings } = parse(writePage(format, page));
      expect(processes?.map(({ pid, user }) => [pid, user])).toEqual([
        [9, "-"],
        [3, "a"],
        [3, "b"],
      ]);
      expect(warnings).toEqual([]);
    }
  });

  it("reads dates with their zone", () => {
    const page = textOf(writePage("text", pageOf([{}])));
    const zones = [
      ["20/Nov/2026:18:28:16 +0000", "2026-11-20T18:28:16.000Z"],
      ["01/Mar/2024:00:30:00 +0530", "2024-02-29T19:00:00.000Z"],
      ["31/Dec/2025:20:00:00 -0800", "2026-01-01T04:00:00.000Z"],
    ] as const;
    for (const [written, iso] of zones) {
      const status = parse(page.replaceAll(/(?<=start time: +)\S+ \S+/g, written));
      expect(status.startTime?.toISOString()).toBe(iso);
      expect(status.processes?.[0]?.startTime?.toISOString()).toBe(iso);
    }
  });

  it("reads a page whose dates are in another language, without them", () => {
    const page = textOf(writePage("text", pageOf([{}, {}]))).replaceAll("/Nov/", "/nov./");
    const status = parse(page);
    expect([status.startTime, status.startSince]).toEqual([undefined, 99]);
    expect(status.other).toEqual([["start time", "20/nov./2026:18:28:16 +0000"]]);
    expect(status.processes?.map((process) => process.startTime)).toEqual([undefined, undefined]);
  });

  it("assumes nothing about active, total and the most children", () => {
    const page = textOf(writePage("text", pageOf([{}], { total: 21 }))).replace(
      /(?<=^active processes: +)\d+/m,
      "22",
    );
    const status = parse(page);
    expect([status.activeProcesses, status.totalProcesses, status.processes?.length]).toEqual([
      22, 21, 1,
    ]);
    expect(status.warnings).toEqual(["the page lists 1 processes and its total says 21"]);
  });

  it("reads pages of many windows, lines across their edges included", () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      requests: index,
      query: "q=".padEnd(1 + (index % 300), "x"),
    }));
    const { processes, warnings } = parse(writePage("text", pageOf(many)));
    expect(warnings).toEqual([]);
    expect(processes?.map(({ pid, requests }) => pid - requests)).toEqual(many.map(() => 101));
    expect(processes?.[777]?.requestUri).toBe(`/index.php?${"q=".padEnd(178, "x")}`);
  });
});

describe("processState", () => {
  it("knows the words of every version", () => {
    expect(processState("Getting request informations")).toBe(
      ProcessState.GettingRequestInformation,
    );
    for (const state of Object.values(ProcessState)) expect(processState(state)).toBe(state);
    expect(processState("Dreaming")).toBeUndefined();
  });
});

describe("parseStatusPage", () => {
  it.each([
    ["<!DOCTYPE html><html>", "an HTML page"],
    ["File not found.\n", '"File not found."'],
    ["Server busy. Please try again later.", '"Server busy. Please try again later."'],
    ['{"status":"ok"}', '"{\\"status\\":\\"ok\\"}"'],
    ["", "an empty answer"],
  ])("refuses %j, and describes it", (page, looks) => {
    expect(() => parseStatusPage(bytesOf(page))).toThrow(
      expect.objectContaining({
        code: "not_a_status_page",
        message: `not a status page, but ${looks}`,
      }),
    );
  });

  it("refuses the HTML page for people, and says how to get another", () => {
    const url = new URL("../fixtures/fpm-status/static-idle--html.body.html", import.meta.url);
    expect(() => parseStatusPage(new Uint8Array(readFileSync(url)))).toThrow(/ask without html/);
  });

  it("refuses a page of another format than the one asked for", () => {
    const page = writePage("json", pageOf([]));
    expect(() => parseStatusPage(page, { format: "text" })).toThrow(
      "not a status page in text, but one in json",
    );
    expect(parseStatusPage(page, { format: "json" }).pool).toBe("www");
  });
});
