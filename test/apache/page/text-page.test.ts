import { describe, expect, it } from "vitest";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { latin1, latin1Bytes } from "../../../src/bytes.js";
import { engines } from "../../engine/engines.js";
import { fixture, fixtures, least, pageOf } from "../fixtures.js";

const captured = [...fixtures("auto.txt"), ...fixtures("auto-notable.txt")];

/** The value of a key as the simplest parser finds it. */
function value(page: Uint8Array, key: string): string | undefined {
  return new RegExp(`^${key}: ?(.*)$`, "m").exec(latin1(page))?.[1];
}

function number(page: Uint8Array, key: string): number | undefined {
  const text = value(page, key);
  return text === undefined ? undefined : Number(text);
}

describe.each(engines)("the text page, on the %s engine", (_, engine) => {
  const parse = (page: Uint8Array) => parseServerStatus(page, engine);
  const parseLines = (...lines: string[]) => parse(pageOf(...lines, ...least));

  it.each(captured)("reads %s", (name) => {
    const page = fixture(name);
    const status = parse(page);
    const letters = value(page, "Scoreboard") ?? "";
    expect(status).toMatchObject({
      serverName: latin1(page).split("\n")[0],
      serverVersion: value(page, "ServerVersion"),
      serverMpm: value(page, "ServerMPM"),
      serverBuilt: value(page, "Server Built"),
      currentTime: value(page, "CurrentTime"),
      restartTime: value(page, "RestartTime"),
      configGeneration: number(page, "ParentServerConfigGeneration"),
      mpmGeneration: number(page, "ParentServerMPMGeneration"),
      uptime: number(page, "ServerUptimeSeconds"),
      uptimeText: value(page, "ServerUptime"),
      load1: number(page, "Load1"),
      load5: number(page, "Load5"),
      load15: number(page, "Load15"),
      totalAccesses: number(page, "Total Accesses"),
      totalDuration: number(page, "Total Duration"),
      cpuUser: number(page, "CPUUser"),
      cpuSystem: number(page, "CPUSystem"),
      cpuChildrenUser: number(page, "CPUChildrenUser"),
      cpuChildrenSystem: number(page, "CPUChildrenSystem"),
      cpuLoad: number(page, "CPULoad"),
      requestsPerSecond: number(page, "ReqPerSec"),
      bytesPerSecond: number(page, "BytesPerSec"),
      bytesPerRequest: number(page, "BytesPerReq"),
      durationPerRequest: number(page, "DurationPerReq"),
      busyWorkers: number(page, "BusyWorkers"),
      gracefulWorkers: number(page, "GracefulWorkers"),
      idleWorkers: number(page, "IdleWorkers"),
      processes: number(page, "Processes"),
      stopping: number(page, "Stopping"),
      connections: number(page, "ConnsTotal"),
      connectionsWaitIo: number(page, "ConnsAsyncWaitIO"),
      connectionsWriting: number(page, "ConnsAsyncWriting"),
      connectionsKeepAlive: number(page, "ConnsAsyncKeepAlive"),
      connectionsClosing: number(page, "ConnsAsyncClosing"),
      asyncBusyWorkers: undefined,
      other: [],
      warnings: [],
    });
    const kilobytes = number(page, "Total kBytes");
    expect(status.totalTraffic).toBe(kilobytes === undefined ? undefined : kilobytes * 1024);
    expect(status.scoreboard?.letters).toBe(letters);
    expect(status.scoreboard?.slots).toBe(letters.length);
    for (const letter of "_SRWKDCLGI.") {
      expect(status.scoreboard?.count(letter)).toBe(letters.split(letter).length - 1);
    }
  });

  it("S1.30 reads the nine server metrics", () => {
    const page = pageOf(
      "Total Accesses: 49",
      "Total kBytes: 116",
      "CPULoad: .0204",
      "Uptime: 4907",
      "ReqPerSec: .00998573",
      "BytesPerSec: 24.2071",
      "BytesPerReq: 2424.16",
      "BusyWorkers: 1",
      "IdleWorkers: 6",
      "Scoreboard: _W_____.",
    );
    expect(parse(page)).toMatchObject({
      totalAccesses: 49,
      totalTraffic: 118_784,
      cpuLoad: 0.0204,
      uptime: 4907,
      requestsPerSecond: 0.00998573,
      bytesPerSecond: 24.2071,
      bytesPerRequest: 2424.16,
      busyWorkers: 1,
      idleWorkers: 6,
    });
  });

  it("S1.31 reads a number without a leading zero", () => {
    expect(parseLines("CPULoad: .000203794").cpuLoad).toBe(0.000203794);
  });

  it("S1.31 reads lines that end in CR LF", () => {
    const page = latin1Bytes(latin1(fixture("event-loaded--auto.txt")).replaceAll("\n", "\r\n"));
    const expected = parse(fixture("event-loaded--auto.txt"));
    expect(JSON.stringify(parse(page))).toBe(JSON.stringify(expected));
  });

  it.each(["total accesses: 7", "TOTAL ACCESSES: 7", "Total  Accesses: 7", "Total Accesses:7"])(
    "S1.31 reads %j, whatever its case and blanks",
    (line) => expect(parseLines(line).totalAccesses).toBe(7),
  );

  it("S1.31 does not take ServerUptimeSeconds or ServerUptime for Uptime", () => {
    const status = parseLines("ServerUptimeSeconds: 9", "ServerUptime: 9 seconds", "Uptime: 11");
    expect(status.uptime).toBe(11);
  });

  it.each([
    ["2.03794e-5", 2.03794e-5],
    ["1.e-5", 1e-5],
    ["1.23e+10", 12_300_000_000],
    [".25", 0.25],
    ["0", 0],
    ["18014398509481984", 18_014_398_509_481_984],
    ["0.30000000000000004", 0.30000000000000004],
  ])("S1.32 reads APR's %s", (text, expected) => {
    expect(parseLines(`CPULoad: ${text}`).cpuLoad).toBe(expected);
  });

  it("S1.33 leaves undefined what the page lacks, without a warning", () => {
    expect(parse(pageOf(...least))).toMatchObject({
      totalAccesses: undefined,
      cpuLoad: undefined,
      requestsPerSecond: undefined,
      uptime: undefined,
      warnings: [],
    });
  });

  it("S1.33 has an uptime with ExtendedStatus Off", () => {
    const status = parse(fixture("extoff-loaded--auto.txt"));
    expect(status).toMatchObject({ uptime: 397, totalAccesses: undefined, warnings: [] });
  });

  it.each(["1.2.3", "-nan", "-1", "nan", "", "12 apples", "0x10", "18446744073709551615"])(
    "S1.34 warns of the value %j, and leaves the field undefined",
    (text) => {
      const status = parseLines(`BytesPerReq: ${text}`);
      expect(status.bytesPerRequest).toBeUndefined();
      expect(status.warnings).toEqual([`BytesPerReq is not a number: ${JSON.stringify(text)}`]);
    },
  );

  it("S1.35 reads all other keys", () => {
    expect(parse(fixture("event-loaded--auto.txt"))).toMatchObject({
      serverName: "127.0.0.1",
      serverVersion: "Apache/2.4.71 (Debian) mod_wsgi/4.9.4 Python/3.11",
      serverMpm: "event",
      serverBuilt: "2026-11-12T08:58:41",
      currentTime: "Friday, 20-Nov-2026 18:34:45 UTC",
      restartTime: "Friday, 20-Nov-2026 18:28:16 UTC",
      configGeneration: 1,
      mpmGeneration: 0,
      uptimeText: "6 minutes 29 seconds",
      load1: 0.39,
      load5: 0.83,
      load15: 0.64,
      totalDuration: 1028,
      cpuUser: 0.21,
      cpuSystem: 0.49,
      cpuChildrenUser: 0,
      cpuChildrenSystem: 0,
      durationPerRequest: 0.0767909,
      gracefulWorkers: 0,
      processes: 2,
      stopping: 0,
      connections: 1,
      connectionsWaitIo: 0,
      connectionsWriting: 0,
      connectionsKeepAlive: 0,
      connectionsClosing: 1,
      scoreboard: { slots: 64, waiting: 15, reading: 5, writing: 11, logging: 1, open: 32 },
    });
  });

  it("S1.35 takes any name that a client sent for the first line", () => {
    const page = fixture("extras-idle--auto-evilhost.txt");
    expect(parse(page).serverName).toBe(latin1(page).split("\n")[0]);
    expect(parse(pageOf("[::1]", ...least)).serverName).toBe("[::1]");
    expect(parse(pageOf("a:  b", ...least)).serverName).toBe("a:  b");
  });

  it("reads a page of 2.2, which begins with its numbers", () => {
    const page = pageOf("Total Accesses: 3", "Total kBytes: 1", "Uptime: 5", ...least);
    expect(parse(page)).toMatchObject({ serverName: undefined, totalAccesses: 3, uptime: 5 });
  });

  it("reads a page of 2.4.6, where event had connections but no processes", () => {
    const page = pageOf(
      ...["Total Accesses: 3", "BusyWorkers: 2", "IdleWorkers: 73", "ConnsTotal: 4"],
      ...["ConnsAsyncWriting: 1", "ConnsAsyncKeepAlive: 2", "ConnsAsyncClosing: 0"],
      "Scoreboard: WW_",
    );
    expect(parse(page)).toMatchObject({
      serverVersion: undefined,
      processes: undefined,
      connections: 4,
      connectionsWriting: 1,
      connectionsKeepAlive: 2,
    });
  });

  it("distinguishes the two pairs of busy and idle workers of 2.4.35 to 2.4.57", () => {
    const page = pageOf(
      ...["localhost", "BusyWorkers: 1", "IdleWorkers: 49", "Processes: 2", "Stopping: 0"],
      ...["BusyWorkers: 3", "IdleWorkers: 47", "ConnsTotal: 0", "Scoreboard: _W"],
    );
    expect(parse(page)).toMatchObject({
      busyWorkers: 1,
      idleWorkers: 49,
      asyncBusyWorkers: 3,
      asyncIdleWorkers: 47,
      other: [],
    });
  });

  it("keeps a repeated key among the others", () => {
    const status = parseLines("Uptime: 5", "ServerMPM: event", "Uptime: 6", "ServerMPM: worker");
    expect(status).toMatchObject({
      uptime: 5,
      serverMpm: "event",
      other: [
        ["Uptime", "6"],
        ["ServerMPM", "worker"],
      ],
    });
  });

  it("has no load where Windows prints -1.00", () => {
    const status = parseLines("Load1: -1.00", "Load5: -1.00", "Load15: -1.00");
    expect(status).toMatchObject({ load1: undefined, load15: undefined, warnings: [] });
  });

  it("reads the empty ServerUptime right after a restart", () => {
    const status = parseLines("ServerUptimeSeconds: 0", "ServerUptime:");
    expect(status).toMatchObject({ uptime: 0, uptimeText: "" });
  });

  it("counts unknown letters separately", () => {
    const page = pageOf("BusyWorkers: 1", "IdleWorkers: 0", "Scoreboard: W  ?.");
    expect(parse(page).scoreboard).toMatchObject({ slots: 5, writing: 1, open: 1, other: 3 });
  });

  it("warns of a missing scoreboard", () => {
    const status = parse(pageOf("BusyWorkers: 1", "IdleWorkers: 2"));
    expect(status.scoreboard).toBeUndefined();
    expect(status.warnings).toEqual(["the page has no scoreboard"]);
  });
});
