import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/errors.js";
import type { ProcessStatus } from "../../src/status-page/pool-status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";
import { forgery, second } from "./forgery.js";
import { formats, idle, pageOf, type WrittenProcess, writePage } from "./page-writer.js";

/** A share of the file's time: there are up to nine properties for each of three engines. */
const milliseconds = (Number(process.env["FUZZ_SECONDS"] ?? "2") * 1_000) / 27;

/** Pieces of every format with which a client could forge a process, all of a wrong second. */
const pieces = [
  "\n",
  "\r\n",
  '"',
  "\\",
  "<",
  ">",
  "&",
  "?",
  ",",
  "x",
  "\x01",
  "\xff",
  "\n\n************************\npid:                  1\n",
  "\ncontent length:       7\nuser:                 ",
  "\nscript:               ",
  "\nlast request cpu:     0.00\nlast request memory:  1\n",
  "\nrequest URI:          ",
  '","script":"',
  '","request uri":"',
  '","content length":7,"user":"',
  '","last request cpu":0.00,"last request memory":1},{"pid":1,',
  "]}",
  "</user><script>",
  "</request-uri><content-length>7</content-length><user>",
  "</request-method><request-uri>",
  "</script><last-request-cpu>0.00</last-request-cpu><last-request-memory>1</last-request-memory>",
  "</process>\n<process><pid>1</pid>",
  "</processes></status>",
];

const hostile = (most: number) =>
  fc
    .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 })
    .map((parts) => parts.join("").slice(0, most));

/** The texts that a client chooses freely. A script must exist, so its name is harmless. */
const victim = fc.record({
  method: hostile(15),
  path: hostile(126).map((text) => `/${text}`),
  query: hostile(511),
  user: hostile(31),
});

/** A row with a harmless request. */
function expectOwn(
  process: ProcessStatus | undefined,
  pid: number,
  { user = "-", query = "" }: Partial<WrittenProcess> = {},
): void {
  expect(process).toMatchObject({
    pid,
    requestMethod: "GET",
    requestUri: query === "" ? "/index.php" : `/index.php?${query}`,
    user,
    script: idle.script,
    lastRequestMemory: idle.memory,
  });
}

describe.each(engines)("status pages with random hostile requests (%s)", (_, engine) => {
  const anchors = { state: "Running", requests: 31, duration: "41", contentLength: "51" };

  it.each(formats)("%s: no other field moves, and no process is added or lost", (format) => {
    fc.assert(
      fc.property(victim, fc.integer({ min: 0, max: 2 }), (texts, at) => {
        const processes: Partial<WrittenProcess>[] = [{}, { user: "bob" }, { query: "a=b" }];
        processes[at] = { ...anchors, ...texts };
        const status = parseStatusPage(writePage(format, pageOf(processes)), { engine });
        const read = status.processes ?? [];
        expect(read.map(({ pid }) => pid)).toEqual([101, 102, 103]);
        expect(read[at]).toMatchObject({
          state: "Running",
          startSince: 99,
          requests: 31,
          requestDuration: 41,
          contentLength: 51,
          lastRequestCpu: 1.25,
          lastRequestMemory: idle.memory,
        });
        for (const [index, process] of read.entries()) {
          if (index !== at) expectOwn(process, 101 + index, processes[index]);
        }
      }),
      { interruptAfterTimeLimit: milliseconds, numRuns: 1_000_000 },
    );
  });

  it.each(formats)("%s: whole processes in a request change no row but its own", (format) => {
    const forged = fc
      .tuple(hostile(90), fc.integer({ min: -2, max: 2 }), hostile(90))
      .map(([before, seconds, behind]) => before + forgery(format, second + seconds) + behind);
    const texts = fc.record({
      method: hostile(15),
      path: hostile(126).map((text) => `/${text}`),
      query: fc.oneof(forged, hostile(511)),
      user: hostile(31),
    });
    const at = fc.integer({ min: 0, max: 2 });
    const escapes = fc.constantFrom("uri", "query", "nothing");
    fc.assert(
      fc.property(texts, at, fc.integer({ min: 0, max: 6 }), escapes, (texts, at, total, how) => {
        const processes: Partial<WrittenProcess>[] = [{}, { user: "bob" }, { query: "a=b" }];
        processes[at] = { ...anchors, ...texts };
        const page = pageOf(processes, { total, jsonEscapes: how });
        const { processes: read = [], warnings } = parseStatusPage(writePage(format, page), {
          engine,
        });
        const more = read.length - 3;
        for (let index = 0; index < 3; index++) {
          if (index < at) expectOwn(read[index], 101 + index, processes[index]);
          if (index > at) expectOwn(read[index + more], 101 + index, processes[index]);
        }
        expect(read[at]).toMatchObject({
          pid: 101 + at,
          state: "Running",
          startSince: 99,
          requests: 31,
          requestDuration: 41,
        });
        expect(more).toBeGreaterThanOrEqual(0);
        if (more > 0 && total < read.length) expect(warnings).not.toEqual([]);
      }),
      { interruptAfterTimeLimit: milliseconds, numRuns: 1_000_000 },
    );
  });

  it("random bytes in and around a page give a status or a typed error", () => {
    const json = new TextDecoder().decode(writePage("json", pageOf([{}, {}])));
    const pages = [
      ...formats.map((format) => writePage(format, pageOf([{}, {}]))),
      new TextEncoder().encode(JSON.stringify(JSON.parse(json), undefined, 1)),
      fixture("fpm-status/static-slow--openmetrics.body.om"),
      fixture("fpm-cases/slot-without-process.txt"),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...pages),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        (page, changes) => {
          const changed = page.slice();
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          try {
            parseStatusPage(changed, { engine }).toJSON();
          } catch (error) {
            expect(error).toBeInstanceOf(GatewayError);
          }
        },
      ),
      { interruptAfterTimeLimit: milliseconds, numRuns: 1_000_000 },
    );
  });
});
