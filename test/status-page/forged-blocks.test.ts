import { describe, expect, it } from "vitest";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";
import { forgery, headAt, second } from "./forgery.js";
import { pageOf, type WrittenPage, type WrittenProcess, writePage } from "./page-writer.js";

describe.each(engines)("the rows of a full page (%s)", (_, engine) => {
  const read = (
    format: "text" | "json" | "xml",
    processes: Partial<WrittenProcess>[],
    page: Partial<WrittenPage> = {},
  ) => parseStatusPage(writePage(format, pageOf(processes, page)), { engine });

  it("are complete, in order, even if the page counted fewer (PHP 8.4.0)", () => {
    const page = fixture("fpm-cases/total-too-low.txt");
    const { processes, warnings } = parseStatusPage(page, { engine });
    expect(processes?.map(({ pid }) => pid)).toEqual([
      ...Array.from({ length: 14 }, (_, index) => 100 + index),
      199,
    ]);
    expect(processes?.map(({ requestUri }) => requestUri)).toEqual([
      ...Array(14).fill("/index.php?a=1"),
      "/status?full",
    ]);
    expect(new Set(processes?.map(({ script }) => script))).toEqual(
      new Set(["/var/www/html/index.php", "-"]),
    );
    expect(warnings).toEqual(["the page lists 15 processes and its total says 1"]);
  });

  it.each(["text", "json", "xml"] as const)(
    "are those of the page, for any total (%s)",
    (format) => {
      const rows = Array.from({ length: 6 }, (_, index) => ({ query: `q=${index}` }));
      for (const total of [0, 1, 3, 5, 6, 7, 1_000]) {
        const { processes, warnings } = read(format, rows, { total });
        expect(processes?.map(({ requestUri }) => requestUri)).toEqual(
          rows.map(({ query }) => `/index.php?${query}`),
        );
        const differs = `the page lists 6 processes and its total says ${total}`;
        expect(warnings.filter((warning) => warning === differs)).toHaveLength(total === 6 ? 0 : 1);
      }
    },
  );

  it("do not name a young worker that the page has not counted yet", () => {
    const young = { query: "s=4", startTime: second - 1, requests: 1 };
    const { processes, warnings } = read("text", [{ query: "s=4" }, { query: "s=4" }, young], {
      total: 2,
    });
    expect(processes?.map(({ requestUri }) => requestUri)).toEqual(Array(3).fill("/index.php?s=4"));
    expect(warnings).toEqual(["the page lists 3 processes and its total says 2"]);
  });

  it.each(["text", "json"] as const)(
    "have one more for a request that holds a whole process, and name it (%s)",
    (format) => {
      const victim = { query: `a${forgery(format)}b`, contentLength: "5", user: "bob" };
      const rows = [{ user: "ann" }, {}, victim, { query: "d", user: "eve" }];
      const { processes, warnings } = read(format, rows, { jsonEscapes: "nothing" });
      expect(processes?.map(({ pid, user }) => [pid, user])).toEqual([
        [101, "ann"],
        [102, "-"],
        [103, "-"],
        [666, "bob"],
        [104, "eve"],
      ]);
      expect(processes?.[2]?.requestUri).toBe("/index.php?a");
      expect(processes?.[4]?.requestUri).toBe("/index.php?d");
      expect(warnings).toEqual([
        "the page lists 5 processes and its total says 4",
        "process 666 (row 4) may be text of the request before it",
      ]);
    },
  );

  it.each([3, 4, 5])("name one of another second, whatever the total (%d)", (total) => {
    for (const format of ["text", "json"] as const) {
      const query = `a${forgery(format, second - 1)}b`;
      const page = { jsonEscapes: "nothing", total } as const;
      const { processes, warnings } = read(format, [{}, { query }, {}], page);
      expect(processes?.map(({ pid }) => pid)).toEqual([101, 102, 666, 103]);
      expect(warnings.at(-1)).toBe("process 666 (row 3) may be text of the request before it");
    }
  });

  it("name every row that may be such text, up to a limit", () => {
    const query = `a${forgery("text", second + 1)}b`;
    const { processes, warnings } = read("text", Array(12).fill({ query }), { total: 24 });
    expect(processes).toHaveLength(24);
    expect(warnings).toEqual([
      "processes 666 (row 2), 666 (row 4), 666 (row 6), 666 (row 8), 666 (row 10), " +
        "666 (row 12), 666 (row 14), 666 (row 16) and 4 more " +
        "may be text of the requests before them",
    ]);
  });

  it("leave the start of a process in its request", () => {
    const query = `a${headAt(second, 666).text}b`;
    const { processes, warnings } = read("text", [{ query, user: "bob" }, {}]);
    expect(processes?.map(({ pid, user }) => [pid, user])).toEqual([
      [101, "bob"],
      [102, "-"],
    ]);
    expect(processes?.[0]?.requestUri).toBe(`/index.php?${query}`);
    expect(warnings).toEqual([
      "the request of process 101 looks like the start of another process",
    ]);
  });
});
