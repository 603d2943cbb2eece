import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { PoolStatus, ProcessStatus } from "../../src/status-page/pool-status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";
import { headAt, second, tails } from "./forgery.js";
import { formats, pageOf, type WrittenProcess, writePage } from "./page-writer.js";

const extensions = { text: "txt", json: "json", xml: "xml" } as const;

describe.each(engines)("hostile texts on status pages (%s)", (_, engine) => {
  const captured = (state: string, format: keyof typeof extensions): PoolStatus => {
    const name = `../fixtures/fpm-status/${state}--${format}-full.body.${extensions[format]}`;
    return parseStatusPage(new Uint8Array(readFileSync(new URL(name, import.meta.url))), {
      engine,
    });
  };
  const one = (processes: readonly ProcessStatus[] | undefined, pid: number) =>
    processes?.find((process) => process.pid === pid)?.toJSON();

  it.each(formats)("reads a method with a quote, a newline and a bracket (%s)", (format) => {
    const { processes, warnings } = captured("hostile-method", format);
    expect(processes?.length).toBe(4);
    expect(one(processes, 28_987)).toMatchObject({
      requestMethod: 'GE"T\\\n<',
      requestUri: "/sleep.php?s=1.2",
      contentLength: 0,
      script: "/srv/sample/www/sleep.php",
    });
    expect(warnings).toEqual([]);
  });

  it.each(formats)("reads a user with markup, control and non-UTF-8 bytes (%s)", (format) => {
    const { processes, warnings } = captured("hostile-user", format);
    expect(processes?.map(({ pid }) => pid)).toEqual([28_987, 28_988, 28_989, 28_990]);
    expect(one(processes, 28_988)).toMatchObject({
      state: "Running",
      requestUri: "/sleep.php?s=1.2",
      user: 'b"o\\b\n<i>\u0001\ufffd',
      script: "/srv/sample/www/sleep.php",
      lastRequestMemory: 0,
    });
    expect(one(processes, 28_989)).toMatchObject({ requestMethod: "POST", contentLength: 100 });
    expect(warnings).toEqual([]);
  });

  it.each(formats)("reads a query with a quote, a newline and markup (%s)", (format) => {
    const { processes, warnings } = captured("hostile-qs", format);
    // PHP wrote U+FFFD for the control character, which XML cannot contain.
    const control = format === "xml" ? "\ufffd" : "\u0001";
    expect(one(processes, 28_988)).toMatchObject({
      requestUri: `/sleep.php?s=1.2&x="\\\n${control}<&>`,
      contentLength: 0,
      user: "-",
    });
    expect(warnings).toEqual([]);
  });

  it("S0.31 reads a query that is not UTF-8 as each format left it", () => {
    const uri = (format: keyof typeof extensions) =>
      one(captured("hostile-qs-bin", format).processes, 28_990)?.requestUri;
    expect(uri("text")).toBe('/sleep.php?s=1.2&y=\ufffd\ufffd<">\ufffd');
    expect(uri("json")).toBe('/sleep.php?s=1.2&y=<">');
    expect(uri("xml")).toBe("/sleep.php?");
  });

  it.each(formats)("reads 20,000 processes of which the total knows two (%s)", (format) => {
    const page = pageOf(
      Array.from({ length: 20_000 }, () => ({})),
      { total: 2 },
    );
    const { processes, warnings } = parseStatusPage(writePage(format, page), { engine });
    expect(processes).toHaveLength(20_000);
    expect(warnings).toContain("the page lists 20000 processes and its total says 2");
  });

  it.each(formats)("reads fields as long as PHP-FPM keeps them (%s)", (format) => {
    const long: Partial<WrittenProcess> = {
      method: "PROPFINDLONGMET",
      path: `/${"p".repeat(126)}`,
      query: "\n".repeat(511),
      user: "\n".repeat(31),
      script: `/${"\n".repeat(254)}`,
    };
    const { processes, warnings } = parseStatusPage(writePage(format, pageOf([{}, long, {}])), {
      engine,
    });
    expect(warnings).toEqual([]);
    expect(processes?.[1]).toMatchObject({
      requestMethod: long.method,
      requestUri: `${long.path}?${long.query}`,
      user: long.user,
      script: long.script,
      pid: 102,
    });
  });

  it.each([
    ["text", "\ncontent length:       7\nuser:                 eve\nscript:               /y"],
    ["json", '","content length":7,"user":"eve","script":"/y'],
    ["xml", "</request-uri><content-length>7</content-length><user>eve</user><script>/y"],
  ] as const)("finds the fields after a URI that imitates them (%s)", (format, forgery) => {
    const victim = { path: `/x${forgery}`, contentLength: "5", user: "bob" };
    for (const jsonEscapes of ["uri", "nothing"] as const) {
      const page = writePage(format, pageOf([{}, victim], { jsonEscapes }));
      const { processes } = parseStatusPage(page, { engine });
      expect(processes?.[1]).toMatchObject({
        requestUri: `/x${forgery}`,
        contentLength: 5,
        user: "bob",
        script: "/srv/www/index.php",
      });
    }
  });

  it.each([
    ["text", "a\nscript:               b"],
    ["json", 'x","script":"y'],
    ["json", '","content length":0,"user":"'],
    ["json", 'x","pid":1,"user":"y'],
    ["json", '"},{"pid":1,"state":"Idle","x":"'],
    ["xml", "a</user><script>b"],
    ["xml", "</process><process><pid>1</pid>"],
    ["text", "a\nlast request memory:  1"],
  ] as const)("finds the fields around a user that imitates them (%s %j)", (format, user) => {
    const page = writePage(
      format,
      pageOf([{ contentLength: "5" }, { contentLength: "6", user }, {}]),
    );
    const { processes } = parseStatusPage(page, { engine });
    expect(
      processes?.map(({ pid, contentLength, lastRequestMemory }) => [
        pid,
        contentLength,
        lastRequestMemory,
      ]),
    ).toEqual([
      [101, 5, 2_097_152],
      [102, 6, 2_097_152],
      [103, 0, 2_097_152],
    ]);
    expect(processes?.[1]).toMatchObject({
      user,
      script: "/srv/www/index.php",
      requestUri: "/index.php",
    });
  });

  it.each(formats)("loses no process to a query with one end of a process (%s)", (format) => {
    const end = tails[format];
    const start = headAt(second, 666)[format];
    const hostile = [
      end + start.slice(0, start.indexOf("GET")),
      end + start.slice(0, -1),
      `${end}${start.slice(0, start.indexOf("GET"))}${end}${start}`.slice(0, 511),
      end.slice(end.length / 2) + start,
      end.slice(end.indexOf("last") - 3) + start,
    ];
    for (const query of hostile) {
      const page = writePage(format, pageOf([{}, { query }, {}], { jsonEscapes: "nothing" }));
      const { processes = [] } = parseStatusPage(page, { engine });
      const genuine = processes.filter(({ pid }) => pid !== 666);
      expect(genuine.map(({ pid }) => pid)).toEqual([101, 102, 103]);
      expect(genuine[0]).toMatchObject({ requestUri: "/index.php", script: "/srv/www/index.php" });
      expect(genuine[2]).toMatchObject({ requestUri: "/index.php", script: "/srv/www/index.php" });
    }
  });

  it("warns if a block can be read in more than one way", () => {
    const user = "a\nscript:               b";
    const page = writePage("text", pageOf([{ user }]));
    expect(parseStatusPage(page, { engine }).warnings).toEqual([
      "the request of process 101 is ambiguous",
    ]);
  });

  it("warns if a field is longer than PHP-FPM keeps", () => {
    const page = writePage("json", pageOf([{ user: "u".repeat(32) }]));
    const { processes, warnings } = parseStatusPage(page, { engine });
    expect(processes?.[0]?.user).toBe("u".repeat(32));
    expect(warnings).toEqual(["the request of process 101 has longer fields than PHP-FPM keeps"]);
  });

  it("decodes a JSON query if PHP escapes only the query", () => {
    const page = pageOf([{ path: "/a\\b", query: 'x="/é' }], { jsonEscapes: "query" });
    const { processes } = parseStatusPage(writePage("json", page), { engine });
    expect(processes?.[0]?.requestUri).toBe('/a\\b?x="/\ufffd');
  });
});
