import { describe, expect, it } from "vitest";
import {
  parseServerStatusHtml,
  streamWorkerRows,
  WorkerPageReader,
} from "../../../src/apache/page/html-page.js";
import { activityOf, isHanging, type WorkerRow } from "../../../src/apache/page/worker-row.js";
import { concat, latin1Bytes } from "../../../src/bytes.js";
import { cuts } from "../../cuts.js";
import { collectGarbage } from "../../harness/garbage.js";
import { columns, head, only, plain, row, table, values, with_ } from "./worker-tables.js";

const noAccesses = {
  connectionAccesses: undefined,
  childAccesses: undefined,
  slotAccesses: undefined,
};

describe("the worker table", () => {
  it("S1.46 reads the fields of a row", () => {
    expect(only(table(head(), row()))).toEqual(plain);
  });

  it.each([
    [" srv ", "Srv"],
    ["p i d", "PID"],
    ["Acc.", "Acc"],
    ["REQUEST\n", "Request"],
    ["<b>M</b>", "M"],
  ])("S1.40 takes the heading %j for %s", (heading, name) => {
    const names = columns.map((column) => (column === name ? heading : column));
    expect(only(table(head(names), row()))).toEqual(plain);
  });

  it("S1.40 takes the first table that has a worker", () => {
    const first = "<table><tr><th>Srv</th><td>Child Server number</td></tr></table>";
    const empty = `<table>${head()}</table>`;
    const later = `<table>${head()}${with_("PID", "2")}</table>`;
    const page = `${first}${empty}<table>${head()}${with_("PID", "1")}</table>${later}`;
    expect(only(page).pid).toBe(1);
  });

  it.each([
    ["no table", "<p>nothing"],
    ["no row", table(head())],
    ["a heading missing", table(head(columns.slice(1)), row(values.slice(1)))],
    ["rows of another length", table(head(), row(values.slice(1)))],
  ])("S1.40 refuses a page with %s", (_, page) => {
    expect(() => parseServerStatusHtml(`<title>Apache Status</title>${page}`)).toThrow(
      /^Failed to parse Apache status page! No tables found containing all of the required column headings and at least one row/,
    );
  });

  it("S1.41 takes columns in any order, and columns that it does not know", () => {
    const names = ["Extra", ...columns].reverse();
    expect(only(table(head(names), row(["x", ...values].reverse())))).toEqual(plain);
  });

  it("S1.41 reads Dur and Protocol where they are", () => {
    const page = table(head([...columns, "Dur", "Protocol"]), row([...values, "99", "h2"]));
    expect(only(page)).toEqual({ ...plain, totalTime: 99, protocol: "h2" });
  });

  it("S1.41 accepts a repeated row of headings", () => {
    const page = table(head(), row(), head(), row());
    expect(parseServerStatusHtml(page).rows).toEqual([plain, plain]);
  });

  it("S1.41 reads tags in upper case, and in tbody and thead", () => {
    const inner = `<thead>${head()}</thead><tbody>${row()}</tbody>`;
    expect(only(`<table>${inner}</table>`.replace(/<[^>]+>/g, (tag) => tag.toUpperCase()))).toEqual(
      plain,
    );
  });

  it("reads the page of Windows, which has no CPU column", () => {
    const without = (cells: string[]) => cells.filter((_, index) => columns[index] !== "CPU");
    const page = table(head(without(columns)), row(without(values)));
    expect(only(page)).toEqual({ ...plain, cpu: undefined });
  });

  it("reads a table in a cell of another one", () => {
    const inner = `<table>${head()}${row()}</table>`;
    expect(only(`<table><tr><td>${inner}</td><td>more</td></tr></table>`)).toEqual(plain);
  });

  it("S1.42 counts rows that have more or fewer cells than headings", () => {
    const page = table(head(), row(), row([...values, "x"]), row(values.slice(1)), row());
    expect(parseServerStatusHtml(page)).toMatchObject({ rows: [plain, plain], malformedRows: 2 });
  });

  it.each([
    ["td", /<\/td>/g],
    ["tr", /<\/tr>/g],
    ["td, th and tr", /<\/(?:td|th|tr)>/g],
    ["anything", /<\/[a-z]+>/g],
  ])("S1.43 reads a page that does not close %s", (_, tags) => {
    const page = table(head(), row(), row()).replace(tags, "");
    expect(parseServerStatusHtml(page).rows).toEqual([plain, plain]);
  });

  it.each([
    ["<b>W</b>\n", "W"],
    ["&lt;a href=&quot;x&quot;&gt;&#39;&#x41;&eacute;&amp;amp;", `<a href="x">'Aé&amp;`],
    ["a&nbsp;b", "a\u00a0b"],
    ["GET /?a=1&b=2 HTTP/1.1", "GET /?a=1&b=2 HTTP/1.1"],
    [`GET /\\&quot;x HTTP/1.1`, `GET /\\"x HTTP/1.1`],
    ["one <!-- two --> three", "one  three"],
    ["a < b", "a < b"],
  ])("S1.44 reads the text %j", (html, text) => {
    expect(only(table(head(), with_("Request", html))).request).toBe(text);
  });

  it("S1.44 reads UTF-8, and otherwise ISO-8859-1", () => {
    const page = table(head(), with_("Request", "GET /café–"));
    expect(parseServerStatusHtml(new TextEncoder().encode(page)).rows[0]?.request).toBe(
      "GET /café–",
    );
    const latin = latin1Bytes(table(head(), with_("Request", "GET /caf\xe9")));
    expect(parseServerStatusHtml(latin).rows[0]?.request).toBe("GET /café");
  });

  it.each([
    ["é before a byte that is not UTF-8", [0xc3, 0xa9, 0xe9, 0x21, 0xc3, 0xa9], "é\xe9!\xc3\xa9"],
    ["a character that breaks off", [0x61, 0xe2, 0x82, 0x41], "a\xe2\x82A"],
    ["an overlong character", [0xc0, 0xaf], "\xc0\xaf"],
    ["half of a pair", [0xed, 0xa0, 0x80], "\xed\xa0\x80"],
    ["a byte order mark", [0x61, 0xef, 0xbb, 0xbf, 0x62], "a\ufeffb"],
    ["four bytes", [0xf0, 0x9f, 0x98, 0x80, 0xff], "\u{1f600}\xff"],
  ])("S1.44 reads %s alike at every cut", (_what, bytes, text) => {
    const [before = "", behind = ""] = table(head(), with_("Request", "|")).split("|");
    const page = concat([latin1Bytes(before), Uint8Array.from(bytes), latin1Bytes(behind)]);
    for (const [how, pieces] of cuts(page)) {
      const rows: WorkerRow[] = [];
      const reader = new WorkerPageReader((worker) => rows.push(worker));
      for (const piece of pieces) reader.write(piece);
      reader.end();
      expect(rows[0]?.request, how).toBe(text);
    }
  });

  it("S1.50 says that a page was asked for without a table, wherever its heading is cut", () => {
    const page = latin1Bytes("<html><title>Apache Status</title><h2>Server Details</h2></html>");
    for (const [how, pieces] of cuts(page)) {
      const reader = new WorkerPageReader(() => {});
      for (const piece of pieces) reader.write(piece);
      expect(() => reader.end(), how).toThrow(
        expect.objectContaining({ hint: "ask without ?notable" }),
      );
    }
  });

  it("says what a page is by as much of its beginning, in one piece or in two", () => {
    const page = `<html>${" ".repeat(8_200)}<title>404 Not Found</title>`;
    for (const pieces of [[page], [page.slice(0, 100), page.slice(100)]]) {
      const reader = new WorkerPageReader(() => {});
      for (const piece of pieces) reader.write(piece);
      expect(() => reader.end()).toThrow(expect.objectContaining({ code: "not_a_status_page" }));
    }
  });

  it("S1.45 has slots without a process, and no pid for them", () => {
    const page = table(
      head(),
      row(values.map((cell, at) => (at === 1 ? "-" : at === 3 ? "." : cell))),
    );
    expect(only(page)).toEqual({ ...plain, pid: undefined, mode: "." });
  });

  it.each(["NULL", ""])("S1.46 has no request where the page has %j", (text) => {
    expect(only(table(head(), with_("Request", text))).request).toBeUndefined();
  });

  it.each([
    ["Acc", "a/b/c", { ...noAccesses }],
    ["Acc", "1/2", { ...noAccesses }],
    ["Acc", "1/2/x", { connectionAccesses: 1, childAccesses: 2, slotAccesses: undefined }],
    ["Srv", "7", { childNumber: undefined, generation: undefined }],
    ["Srv", "x-1", { childNumber: undefined, generation: 1 }],
    ["SS", "-", { secondsSinceRequest: undefined }],
    ["SS", "-1", { secondsSinceRequest: undefined }],
    ["PID", "1e3", { pid: undefined }],
    ["CPU", ".5", { cpu: 0.5 }],
    ["CPU", "1.e-5", { cpu: 1e-5 }],
    ["CPU", "0x10", { cpu: undefined }],
    ["CPU", "1.2.3", { cpu: undefined }],
    ["Slot", "1e999", { slotMegabytes: undefined }],
    ["M", "", { mode: undefined }],
    ["Client", "", { client: undefined }],
  ])("S1.47 reads the %s %j", (column, text, expected) => {
    expect(only(table(head(), with_(column, text)))).toEqual({ ...plain, ...expected });
  });

  it("is not confused by the text of a request", () => {
    const evil = "&lt;/td&gt;&lt;td&gt;&lt;table&gt; &lt;tr&gt;";
    expect(only(table(head(), with_("Request", evil))).request).toBe("</td><td><table> <tr>");
  });

  it("yields rows before the page has ended", async () => {
    let sent = 0;
    async function* pieces(): AsyncGenerator<string> {
      yield `<table>${head()}`;
      for (sent = 1; sent <= 3; sent++) yield with_("PID", String(sent));
      yield "</table>";
    }
    const seen: string[] = [];
    for await (const worker of streamWorkerRows(pieces())) seen.push(`${worker.pid} of ${sent}`);
    expect(seen).toEqual(["1 of 1", "2 of 2", "3 of 3"]);
  });

  it("keeps only the workers of 100,000 rows", () => {
    const reader = new WorkerPageReader(() => {});
    reader.write(`<table>${head()}`);
    const block = Array.from({ length: 100 }, (_, at) => with_("PID", String(at))).join("\n");
    const heap = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = heap();
    for (let count = 0; count < 1000; count++) reader.write(`${block}\n`);
    const grown = heap() - before;
    // The page itself has 24 MB.
    expect(grown).toBeLessThan(2_000_000);
    expect(reader.end().malformedRows).toBe(0);
  });
});

describe("the activity of a worker", () => {
  it.each([
    ...["_", "I", "."].map((mode) => [mode, "idle"] as const),
    ...["S", "R", "W", "K", "D", "C", "L", "G", "?"].map((mode) => [mode, "active"] as const),
    [undefined, "unknown"] as const,
  ])("S1.48 takes mode %j for %s", (mode, activity) => {
    expect(activityOf({ mode })).toBe(activity);
  });

  it.each(["S", "R", "W", "D", "C", "L", "G"])("S1.51 lets %s hang from 300 seconds on", (mode) => {
    expect(isHanging({ mode, secondsSinceRequest: 299 })).toBe(false);
    expect(isHanging({ mode, secondsSinceRequest: 300 })).toBe(true);
    expect(isHanging({ mode, secondsSinceRequest: 10 }, 10)).toBe(true);
    expect(isHanging({ mode, secondsSinceRequest: undefined })).toBe(false);
  });

  it.each(["_", "I", ".", "K", undefined])("S1.51 never lets %s hang", (mode) => {
    expect(isHanging({ mode, secondsSinceRequest: 100_000 })).toBe(false);
  });
});
