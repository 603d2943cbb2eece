import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import type { PoolCounters, ProcessCounters } from "../../src/status-page/write-page.js";
import {
  renderStatusPage,
  type StatusFormat,
  statusFormatOf,
} from "../../src/status-page/write-page.js";
import { fixture } from "../fixtures.js";

// The pages were captured from a php-fpm that ran in UTC.
process.env["TZ"] = "UTC";

const decode = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");

/** The counters that a captured page shows. */
function countersOf(page: Uint8Array): PoolCounters {
  const status = parseStatusPage(page);
  const number = (value: number | undefined) => value ?? Number.NaN;
  const since = number(status.startSince) * 1_000;
  const startTime = status.startTime?.getTime() ?? 0;
  const [, pool = "", processManager = ""] =
    /Could pool (.*) using a (.*) PM/.exec(decode(page)) ?? [];
  return {
    pool: status.pool ?? pool,
    processManager: status.processManager ?? processManager,
    startTime,
    now: startTime + since,
    acceptedConn: number(status.acceptedConn),
    listenQueue: number(status.listenQueue),
    maxListenQueue: number(status.maxListenQueue),
    listenQueueLen: number(status.listenQueueLen),
    idleProcesses: number(status.idleProcesses),
    activeProcesses: number(status.activeProcesses),
    maxActiveProcesses: number(status.maxActiveProcesses),
    maxChildrenReached: number(status.maxChildrenReached),
    slowRequests: number(status.slowRequests),
    processes: (status.processes ?? []).map((process) => ({
      pid: process.pid,
      state: process.state,
      requests: process.requests,
      requestDuration: number(process.requestDuration),
      requestMethod: process.requestMethod,
      requestUri: process.requestUri,
      contentLength: process.contentLength,
      user: process.user,
      script: process.script,
      lastRequestMemory: process.lastRequestMemory,
      startTime: process.startTime?.getTime() ?? Number.NaN,
      lastRequestCpu: number(process.lastRequestCpu),
    })),
  };
}

const extensions: Record<string, StatusFormat> = {
  txt: "text",
  json: "json",
  xml: "xml",
  om: "openmetrics",
};
const pages = readdirSync(new URL("../fixtures/fpm-status", import.meta.url)).filter((name) =>
  /^(static|dynamic|ondemand|slisten|big100).*\.body\.(txt|json|xml|om)$/.test(name),
);

describe("the status page is PHP-FPM's, byte for byte:", () => {
  it.each(pages)("%s", (name) => {
    const page = fixture(`fpm-status/${name}`);
    const format = extensions[name.split(".").at(-1) ?? ""] ?? expect.fail();
    const full = name.includes("-full.") && format !== "openmetrics";
    expect(renderStatusPage(countersOf(page), format, full)).toBe(decode(page));
  });

  it.each([
    ["dynamic-after--html.body.html", false],
    ["dynamic-after--html-full.body.html", true],
    ["static-busy--html-full.body.html", true],
  ])("%s", (name, full) => {
    const page = decode(fixture(`fpm-status/${name}`));
    const cells = [...page.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell = ""]) => cell);
    const text = (cell = "") =>
      cell
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("&amp;", "&");
    const time = (cell = "") => Date.parse(cell.replace(/:/, " ").replaceAll("/", " "));
    const number = (at: number) => Number(cells[at]);
    const startTime = time(cells[2]);
    const processes: ProcessCounters[] = [];
    for (let at = 14; at < cells.length; at += 13) {
      processes.push({
        pid: number(at),
        state: text(cells[at + 1]),
        startTime: time(cells[at + 2]),
        requests: number(at + 4),
        requestDuration: number(at + 5),
        requestMethod: text(cells[at + 6]),
        requestUri: text(cells[at + 7]),
        contentLength: number(at + 8),
        user: text(cells[at + 9]),
        script: text(cells[at + 10]),
        lastRequestCpu: number(at + 11),
        lastRequestMemory: number(at + 12),
      });
    }
    const counters = {
      pool: text(cells[0]),
      processManager: text(cells[1]),
      startTime,
      now: startTime + number(3) * 1_000,
      acceptedConn: number(4),
      listenQueue: number(5),
      maxListenQueue: number(6),
      listenQueueLen: number(7),
      idleProcesses: number(8),
      activeProcesses: number(9),
      maxActiveProcesses: number(11),
      maxChildrenReached: number(12),
      slowRequests: number(13),
      processes,
    };
    expect(renderStatusPage(counters, "html", full)).toBe(page);
  });
});

describe("a field that PHP has added after 5.4", () => {
  const counters = countersOf(fixture("fpm-status/static-idle--json-full.body.json"));
  const formats = ["text", "json", "xml", "openmetrics"] as const;

  it.each(formats)("is written if it is given, in its place (%s)", (format) => {
    const page = renderStatusPage({ ...counters, memoryPeak: 2_097_152 }, format, false);
    expect(parseStatusPage(Buffer.from(page))).toMatchObject({ memoryPeak: 2_097_152, other: [] });
    expect(page).toMatch(/slow.requests.*memory.peak/s);
  });

  it.each([...formats, "html"] as const)("is left out if it is not (%s)", (format) => {
    expect(renderStatusPage(counters, format, true)).not.toMatch(/memory.peak/);
  });
});

describe("hostile strings, where PHP-FPM's own page breaks,", () => {
  const hostile = `a"b\\c</td>&amp;\n\r\0\x1b\x7fpid: 1 é€😀'`;
  const process: ProcessCounters = {
    pid: 1,
    state: "Idle",
    startTime: 0,
    requests: 1,
    requestDuration: 1,
    requestMethod: hostile,
    requestUri: hostile,
    contentLength: 0,
    user: hostile,
    script: hostile,
    lastRequestCpu: 0,
    lastRequestMemory: 0,
  };
  const counters: PoolCounters = {
    pool: hostile,
    processManager: "static",
    startTime: 0,
    now: 1_000,
    acceptedConn: 1,
    listenQueue: 0,
    maxListenQueue: 0,
    listenQueueLen: 0,
    idleProcesses: 1,
    activeProcesses: 0,
    maxActiveProcesses: 1,
    maxChildrenReached: 0,
    slowRequests: 0,
    processes: [process],
  };
  const shown = hostile.replace(
    /[\0-\x1f\x7f]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`,
  );

  it("are unchanged in JSON", () => {
    const page = JSON.parse(renderStatusPage(counters, "json", true));
    expect(page.pool).toBe(hostile);
    expect(page.processes[0]).toMatchObject({
      "request method": hostile,
      "request uri": hostile,
      user: hostile,
      script: hostile,
    });
  });

  it("forge no line of the text page", () => {
    const page = renderStatusPage(counters, "text", true);
    expect(page.split("\n").length).toBe(14 + 2 + 13 + 1);
    expect(page).toContain(`user:                 ${shown}\n`);
  });

  it.each(["xml", "html"] as const)("are neither markup nor control characters in %s", (format) => {
    const page = renderStatusPage(counters, format, true);
    expect(page).not.toMatch(/[\0-\x08\x0b-\x1f\x7f]/);
    expect(page).toContain("a&quot;b\\c&lt;/td&gt;&amp;amp;%0A%0D%00%1B%7Fpid: 1 é€😀'");
  });

  it("stay in their line of OpenMetrics", () => {
    const lines = renderStatusPage(counters, "openmetrics", false).trimEnd().split("\n");
    expect(lines.length).toBe(12 * 3 + 1);
    expect(lines.every((line) => /^(# |phpfpm_)/.test(line))).toBe(true);
  });
});

describe("a moment in local time has its zone", () => {
  it.each([
    ["Asia/Kolkata", "01/Jan/1970:05:30:00 +0530"],
    ["America/St_Johns", "31/Dec/1969:20:30:00 -0330"],
  ])("%s", (zone, expected) => {
    process.env["TZ"] = zone;
    try {
      const page = renderStatusPage(
        { ...countersOf(fixture("fpm-status/dynamic-after--json.body.json")), startTime: 0 },
        "text",
        false,
      );
      expect(page).toContain(`start time:           ${expected}\n`);
    } finally {
      process.env["TZ"] = "UTC";
    }
  });
});

describe("the format is the one that PHP-FPM would choose for", () => {
  it.each([
    ["", "text", false],
    ["full", "text", true],
    ["json", "json", false],
    ["json=1&full", "json", true],
    ["full&xml", "xml", true],
    ["openmetrics", "openmetrics", false],
    ["html&xml&json", "html", false],
    ["openmetrics&json&xml", "xml", false],
    ["JSON", "text", false],
    ["jsonx&fullx", "text", false],
  ])("%j", (query, format, full) => {
    expect(statusFormatOf(query)).toEqual({ format, full });
  });
});
