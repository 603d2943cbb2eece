import { describe, expect, it } from "vitest";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";
import { bytesOf, formats, pageOf, writePage } from "./page-writer.js";

const page = new TextDecoder().decode(fixture("fpm-status/static-slow--json-full.body.json"));
const openMetrics = new TextDecoder().decode(
  fixture("fpm-status/static-slow--openmetrics.body.om"),
);

/** The JSON that `jq -S` and `json.dumps(sort_keys=True)` write. */
function sorted(text: string): string {
  const entries = (value: object) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(
    JSON.parse(text),
    (_, value) =>
      typeof value === "object" && !Array.isArray(value)
        ? Object.fromEntries(entries(value))
        : value,
    1,
  );
}

describe.each(engines)("pages that another program has written again (%s)", (_, engine) => {
  const parse = (text: string) => parseStatusPage(bytesOf(text), { engine });

  it.each([
    ["indented", JSON.stringify(JSON.parse(page), undefined, 4)],
    ["with CRLF", JSON.stringify(JSON.parse(page), undefined, "\t").replaceAll("\n", "\r\n")],
    ["without blanks", JSON.stringify(JSON.parse(page))],
    ["with blanks", JSON.stringify(JSON.parse(page)).replaceAll('":', '": ')],
    ["sorted", sorted(page)],
  ])("JSON %s reads as PHP's", (_, text) => {
    const theirs = parse(page);
    const ours = parse(text);
    expect(ours.toJSON()).toEqual(theirs.toJSON());
    expect([ours.processes?.length, ours.warnings]).toEqual([4, []]);
  });

  it("JSON has the texts of the requests", () => {
    const process = {
      ...(JSON.parse(page) as { processes: object[] }).processes[0],
      user: 'b"o\\b\n<é>',
      "request uri": '/a/b?"\u2028&amp;',
      runs: { gc: 3 },
    };
    const text = JSON.stringify({ ...JSON.parse(page), processes: [process] }, undefined, 2);
    const { processes, warnings } = parseStatusPage(new TextEncoder().encode(text), { engine });
    expect(processes?.[0]).toMatchObject({
      user: 'b"o\\b\n<é>',
      requestUri: '/a/b?"\u2028&amp;',
      other: [["runs", '{"gc":3}']],
    });
    expect(warnings).toEqual(["the page lists 1 processes and its total says 4"]);
  });

  it("JSON that ends early is truncated, and other JSON no status page", () => {
    const text = JSON.stringify(JSON.parse(page), undefined, 2);
    for (let length = 40; length < text.trimEnd().length; length += 7) {
      const code = text.slice(0, length).trimEnd().endsWith("}")
        ? "not_a_status_page"
        : "truncated";
      expect(() => parse(text.slice(0, length))).toThrow(expect.objectContaining({ code }));
    }
    for (const processes of ["[3]", "[null]", '[{"state":"Idle"}]', '"none"', "{}"]) {
      expect(() => parse(`{ "pool": "www", "processes": ${processes} }`)).toThrow(
        expect.objectContaining({ code: "not_a_status_page" }),
      );
    }
  });

  it("indented XML reads as PHP's, with every text unescaped", () => {
    const text = Buffer.from(writePage("xml", pageOf([{ query: "a=<&>" }, {}, {}]))).toString();
    for (const gap of ["\n    ", "\r\n\t"]) {
      const indented = text
        .replaceAll(/(?<=<process>)(?=<)|(?<=<\/[a-z-]+>)(?=<)/g, gap)
        .replaceAll("<process>", "  <process>");
      expect(indented.length).toBeGreaterThan(text.length + 30 * gap.length);
      expect(parse(indented).toJSON()).toEqual(parse(text).toJSON());
      const { processes, warnings } = parse(indented.replace("<user>-<", "<user>&lt;b&gt;<"));
      expect([processes?.[0]?.user, processes?.[0]?.requestUri]).toEqual([
        "<b>",
        "/index.php?a=<&>",
      ]);
      expect(warnings).toEqual([]);
    }
  });

  it("OpenMetrics with labels reads as PHP's", () => {
    const labels = ['{pool="static"}', '{pool="static",pm="static"} ', "{} ", '{a="}\\" 1"} '];
    for (const label of labels) {
      const text = openMetrics.replace(/^(phpfpm_\w+) /gm, `$1${label.trim()} `);
      expect(parse(text).toJSON()).toEqual(parse(openMetrics).toJSON());
      expect(parse(text).other).toEqual([]);
    }
  });

  it("OpenMetrics names its pool by a label when no help text does", () => {
    const samples = openMetrics.replace(/^# HELP .*\n/gm, "");
    const text = samples.replace(/^(phpfpm_\w+) (\d+)$/gm, '$1{pool="a\\"b\\\\c"} $2 1795199296');
    expect(parse(text)).toMatchObject({ pool: 'a"b\\c', totalProcesses: 4 });
    const both = openMetrics.replace(/^(phpfpm_\w+) /gm, '$1{pool="label"} ');
    expect(parse(both)).toMatchObject({ pool: "label", processManager: "static" });
  });

  it("OpenMetrics samples of processes are kept in other", () => {
    const more = 'phpfpm_process_requests_total{pid="7"} 9\nphpfpm_process_requests{pid="8"} 8\n';
    const status = parse(openMetrics.replace("# EOF", `${more}go_threads 4\n# EOF`));
    expect(status.totalProcesses).toBe(4);
    expect(status.other).toEqual([
      ["process requests", "9"],
      ["process requests", "8"],
      ["go_threads", "4"],
    ]);
  });

  it("reads pages with newlines, blanks or a byte order mark before them", () => {
    for (const format of formats) {
      const text = Buffer.from(writePage(format, pageOf([{}, { user: "a\nb" }]))).toString(
        "latin1",
      );
      for (const start of ["\n", "\r\n", "\n\n  \t", "\xef\xbb\xbf"]) {
        expect(parse(start + text).toJSON()).toEqual(parse(text).toJSON());
      }
    }
    expect(parse(`\n${openMetrics}`).toJSON()).toEqual(parse(openMetrics).toJSON());
  });
});
