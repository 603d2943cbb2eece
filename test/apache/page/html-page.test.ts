import { describe, expect, it } from "vitest";
import { parseServerStatusHtml } from "../../../src/apache/page/html-page.js";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { isHanging } from "../../../src/apache/page/worker-row.js";
import { latin1 } from "../../../src/bytes.js";
import { fixture, fixtures } from "../fixtures.js";
import { head, row } from "./worker-tables.js";

const pages = [...fixtures("html.html"), ...fixtures("refresh.html")].filter(
  (name) => !name.startsWith("extoff"),
);

/** The rows as the simplest parser finds them: every cell's text. */
function cellsOf(page: Uint8Array): string[][] {
  const table =
    /<table border="0"><tr><th>Srv<\/th>[\s\S]*?<\/table>/.exec(latin1(page))?.[0] ?? "";
  return [...table.matchAll(/<tr><td>([\s\S]*?)<\/td><\/tr>/g)].map(([, row = ""]) =>
    row.split(/<\/td><td[^>]*>/).map((cell) => cell.replace(/<[^>]*>/g, "").trim()),
  );
}

describe("the worker table of a captured page", () => {
  it.each(pages)("S1.40 S1.46 reads %s", (name) => {
    const page = fixture(name);
    const { rows, malformedRows } = parseServerStatusHtml(page);
    const integer = (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined);
    const expected = cellsOf(page).map((cells) => {
      const [srv = "", pid = "", acc = "", mode, cpu, ss = "", req, dur, ...more] = cells;
      const [conn, child, slot, client, protocol, vhost, request = ""] = more;
      const seconds = integer(ss) ?? Number.NaN;
      const [childNumber, generation] = srv.split("-").map(Number);
      const [connectionAccesses, childAccesses, slotAccesses] = acc.split("/").map(Number);
      return {
        childNumber,
        generation,
        pid: integer(pid),
        connectionAccesses,
        childAccesses,
        slotAccesses,
        mode,
        cpu: Number(cpu),
        secondsSinceRequest: seconds < 1e9 ? seconds : undefined,
        requestTime: Number(req),
        totalTime: Number(dur),
        connectionKilobytes: Number(conn),
        childMegabytes: Number(child),
        slotMegabytes: Number(slot),
        client: client || undefined,
        protocol: protocol || undefined,
        vhost: vhost || undefined,
        request: request.replaceAll("&amp;", "&") || undefined,
      };
    });
    expect(expected.length).toBeGreaterThan(0);
    expect(rows).toEqual(expected);
    expect(malformedRows).toBe(0);
  });

  it("reads the processes of event beside the threads", () => {
    const { processes } = parseServerStatusHtml(fixture("event-loaded-s06--html.html"));
    expect(processes).toEqual([
      {
        slot: 0,
        pid: 29016,
        stopping: false,
        connections: 1,
        accepting: true,
        busyThreads: 7,
        gracefulThreads: 0,
        idleThreads: 9,
        waitIo: 0,
        writing: 0,
        keepAlive: 0,
        closing: 1,
      },
      expect.objectContaining({ slot: 1, pid: 29017, connections: 0, busyThreads: 10 }),
    ]);
  });

  it("reads the processes of a graceful restart", () => {
    const { processes } = parseServerStatusHtml(fixture("event-graceful-s01--html.html"));
    expect(processes.map(({ stopping }) => stopping)).toContain(true);
  });

  it("reads the processes that 2.4.6 lists", () => {
    const page = `<table rules="all"><tr><th rowspan="2">PID</th><th colspan="2">Connections</th>
<th colspan="2">Threads</th><th colspan="3">Async connections</th></tr>
<tr><th>total</th><th>accepting</th><th>busy</th><th>idle</th><th>writing</th><th>keep-alive</th><th>closing</th></tr>
<tr><td>77</td><td>1</td><td>yes</td><td>2</td><td>23</td><td>0</td><td>1</td><td>0</td></tr>
<tr><td>Sum</td><td>1</td><td>&nbsp;</td><td>2</td><td>23</td><td>0</td><td>1</td><td>0</td></tr></table>
<table>${head()}${row()}</table>`;
    expect(parseServerStatusHtml(page).processes).toEqual([
      {
        slot: undefined,
        pid: 77,
        stopping: undefined,
        connections: 1,
        accepting: true,
        busyThreads: 2,
        gracefulThreads: undefined,
        idleThreads: 23,
        waitIo: undefined,
        writing: 0,
        keepAlive: 1,
        closing: 0,
      },
    ]);
  });

  it.each(["prefork-loaded", "event-loaded", "s400-loaded", "s4096-loaded"])(
    "reads the scoreboard of %s, which is wrapped",
    (name) => {
      const { scoreboard } = parseServerStatusHtml(fixture(`${name}--html.html`));
      const { scoreboard: text } = parseServerStatus(fixture(`${name}--auto.txt`));
      expect(scoreboard).toMatch(/^[_SRWKDCLGI.]+$/);
      expect(scoreboard).toHaveLength(text?.slots ?? 0);
    },
  );

  it("S1.49 shows that httpd leaves out slots that had no request", () => {
    const { rows, scoreboard } = parseServerStatusHtml(fixture("event-idle--html.html"));
    const listed = rows.filter(({ mode }) => mode === "_").length;
    expect(scoreboard.split("_").length - 1).toBeGreaterThan(listed);
  });

  it("has no age for a slot whose seconds are the current time", () => {
    const { rows } = parseServerStatusHtml(fixture("prefork-loaded-s00--html.html"));
    const starting = rows.filter(({ mode }) => mode === "S");
    expect(starting).toHaveLength(5);
    expect(starting.map(({ secondsSinceRequest }) => secondsSinceRequest)).toEqual(
      new Array(5).fill(undefined),
    );
    expect(starting.some((worker) => isHanging(worker))).toBe(false);
  });

  it("S1.50 reports that ExtendedStatus is off", () => {
    for (const name of fixtures("html.html").filter((file) => file.startsWith("extoff"))) {
      expect(() => parseServerStatusHtml(fixture(name))).toThrow(
        expect.objectContaining({
          code: "not_a_status_page",
          message: expect.stringContaining("No tables found containing all of the required column"),
          hint: expect.stringContaining("ExtendedStatus On"),
        }),
      );
    }
  });

  it.each(fixtures("notable.html").filter((name) => !name.startsWith("extoff")))(
    "S1.50 says that %s was asked for without a table",
    (name) => {
      expect(() => parseServerStatusHtml(fixture(name))).toThrow(
        expect.objectContaining({ hint: "ask without ?notable" }),
      );
    },
  );
});

describe("what is not a page of workers", () => {
  it.each([
    ["the text page", latin1(fixture("event-idle--auto.txt")), "ask without ?auto"],
    ["a login page", "<title>Log in</title><form>", "application"],
    ["a 404", "<title>404 Not Found</title>", "mod_status"],
    ["nothing", "", "mod_status"],
  ])("says so of %s", (_, page, hint) => {
    expect(() => parseServerStatusHtml(page)).toThrow(
      expect.objectContaining({ name: "GatewayError", hint: expect.stringContaining(hint) }),
    );
  });
});
