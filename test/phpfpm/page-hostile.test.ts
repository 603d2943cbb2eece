import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseStatusPage } from "../../src/phpfpm/page.js";
import type { PoolStatus, ProcessStatus } from "../../src/phpfpm/pool-status.js";
import { engines } from "../engine/engines.js";
import { formats, idle, logDate, pageOf, type WrittenProcess, writePage } from "./page-writer.js";

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
    // Where PHP could not write the control character in XML, it wrote U+FFFD.
    const control = format === "xml" ? "\ufffd" : "\u0001";
    expect(one(processes, 28_988)).toMatchObject({
      requestUri: `/sleep.php?s=1.2&x="\\\n${control}<&>`,
      contentLength: 0,
      user: "-",
    });
    expect(warnings).toEqual([]);
  });

  it("reads a query that is not UTF-8 as each format left it", () => {
    const uri = (format: keyof typeof extensions) =>
      one(captured("hostile-qs-bin", format).processes, 28_990)?.requestUri;
    expect(uri("text")).toBe('/sleep.php?s=1.2&y=\ufffd\ufffd<">\ufffd');
    expect(uri("json")).toBe('/sleep.php?s=1.2&y=<">');
    expect(uri("xml")).toBe("/sleep.php?");
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

  const headAt = (second: number, pid: number) => {
    const since = second - idle.startTime;
    return {
      text:
        `\n\n${"*".repeat(24)}\npid:                  ${pid}\nstate:                Idle\n` +
        `start time:           ${logDate(idle.startTime)}\nstart since:          ${since}\n` +
        "requests:             1\nrequest duration:     1\nrequest method:       GET\n" +
        "request URI:          ",
      json:
        `},{"pid":${pid},"state":"Idle","start time":${idle.startTime},"start since":${since},` +
        '"requests":1,"request duration":1,"request method":"GET","request uri":"',
      xml:
        `</process>\n<process><pid>${pid}</pid><state>Idle</state>` +
        `<start-time>${idle.startTime}</start-time><start-since>${since}</start-since>` +
        "<requests>1</requests><request-duration>1</request-duration>" +
        "<request-method>GET</request-method><request-uri>",
    };
  };
  const tails = {
    text:
      "\ncontent length:       0\nuser:                 -\nscript:               -\n" +
      "last request cpu:     0.00\nlast request memory:  0",
    json: '","content length":0,"user":"-","script":"-","last request cpu":0.00,"last request memory":0',
    xml:
      "</request-uri><content-length>0</content-length><user>-</user><script>-</script>" +
      "<last-request-cpu>0.00</last-request-cpu><last-request-memory>0</last-request-memory>",
  };
  const second = idle.startTime + 99;

  it.each(formats)("takes a whole forged block of another second for text (%s)", (format) => {
    const forgery = tails[format] + headAt(second - 1, 666)[format];
    const victim = { query: `a${forgery}b`, contentLength: "5", user: "bob", script: "/x.php" };
    const page = pageOf([{ query: "c" }, victim, { query: "d" }], { jsonEscapes: "nothing" });
    for (const total of [3, 4]) {
      const { processes } = parseStatusPage(writePage(format, { ...page, total }), { engine });
      expect(processes?.map((process) => process.pid)).toEqual([101, 102, 103]);
      expect(processes?.[1]).toMatchObject({
        requestUri: `/index.php?a${forgery}b`,
        contentLength: 5,
        user: "bob",
        script: "/x.php",
      });
    }
  });

  it.each(["text", "json"] as const)("says that it saw a forged block (%s)", (format) => {
    const forgery = tails[format] + headAt(second + 1, 666)[format];
    const page = pageOf([{ query: forgery }], { jsonEscapes: "nothing" });
    const { processes, warnings } = parseStatusPage(writePage(format, page), { engine });
    expect(processes?.length).toBe(1);
    expect(warnings).toContain("the text of a request looks like 1 more process block");
  });

  it.each(["text", "json"] as const)(
    "adds no process for a forged block of the very second of the scrape (%s)",
    (format) => {
      const forgery = tails[format] + headAt(second, 666)[format];
      const victim = { query: `a${forgery}b`, contentLength: "5", user: "bob" };
      const page = pageOf([{}, {}, victim], { jsonEscapes: "nothing" });
      const { processes, warnings } = parseStatusPage(writePage(format, page), { engine });
      expect(processes?.map((process) => process.pid)).toEqual([101, 102, 103]);
      expect(processes?.[2]).toMatchObject({ contentLength: 5, user: "bob" });
      expect(warnings).toContain("the page lists 4 processes and its total says 3");
      expect(warnings).toContain("process 666 is taken for the text of the request before it");
    },
  );

  it("joins a forged block that repeats a pid rather than a genuine one behind it", () => {
    const forgery = tails.text + headAt(second, 101).text;
    const page = pageOf([{}, { query: forgery }, { query: "c", user: "eve" }]);
    const { processes } = parseStatusPage(writePage("text", page), { engine });
    expect(processes?.map(({ pid, user }) => [pid, user])).toEqual([
      [101, "-"],
      [102, "-"],
      [103, "eve"],
    ]);
  });

  it("joins a forged head without a tail before it to the block that it interrupts", () => {
    const page = pageOf([{ query: `a${headAt(second, 666).text}b`, user: "bob" }, {}]);
    const { processes } = parseStatusPage(writePage("text", page), { engine });
    expect(processes?.map(({ pid, user }) => [pid, user])).toEqual([
      [101, "bob"],
      [102, "-"],
    ]);
  });

  it("keeps workers that are too young to be in the total", () => {
    const young = { query: "s=4", startTime: second - 1, requests: 1 };
    const page = pageOf([{ query: "s=4" }, { query: "s=4" }, young], { total: 2 });
    const { processes, warnings } = parseStatusPage(writePage("text", page), { engine });
    expect(processes?.map(({ requestUri }) => requestUri)).toEqual(Array(3).fill("/index.php?s=4"));
    expect(warnings).toEqual(["the page lists 3 processes and its total says 2"]);
  });

  it("reports blocks that no field could hold, whatever the total says", () => {
    const page = pageOf([{}, {}, {}], { total: 1 });
    const { processes, warnings } = parseStatusPage(writePage("text", page), { engine });
    expect(processes?.length).toBe(3);
    expect(warnings).toEqual(["the page lists 3 processes and its total says 1"]);
  });

  it.each([
    ["text", "\ncontent length:       7\nuser:                 eve\nscript:               /y"],
    ["json", '","content length":7,"user":"eve","script":"/y'],
    ["xml", "</request-uri><content-length>7</content-length><user>eve</user><script>/y"],
  ] as const)("finds the fields behind a URI that imitates them (%s)", (format, forgery) => {
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

  it("says so when a block can be read in more than one way", () => {
    const user = "a\nscript:               b";
    const page = writePage("text", pageOf([{ user }]));
    expect(parseStatusPage(page, { engine }).warnings).toEqual([
      "the request of process 101 is ambiguous",
    ]);
  });

  it("says so when a field is longer than PHP-FPM keeps", () => {
    const page = writePage("json", pageOf([{ user: "u".repeat(32) }]));
    const { processes, warnings } = parseStatusPage(page, { engine });
    expect(processes?.[0]?.user).toBe("u".repeat(32));
    expect(warnings).toEqual(["the request of process 101 has longer fields than PHP-FPM keeps"]);
  });

  it("decodes a JSON query where PHP escapes only that", () => {
    const page = pageOf([{ path: "/a\\b", query: 'x="/é' }], { jsonEscapes: "query" });
    const { processes } = parseStatusPage(writePage("json", page), { engine });
    expect(processes?.[0]?.requestUri).toBe('/a\\b?x="/\ufffd');
  });
});
