import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/errors.js";
import { parseStatusPage } from "../../src/phpfpm/page.js";
import { engines } from "../engine/engines.js";
import { formats, idle, logDate, pageOf, type WrittenProcess, writePage } from "./page-writer.js";

/** A share of the file's time: there are up to nine properties for each of three engines. */
const milliseconds = (Number(process.env["FUZZ_SECONDS"] ?? "2") * 1_000) / 27;

/** What a forger would build with: pieces of every format, none of them of the right second. */
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

/** Everything that a client chooses freely. A script must exist, so its name is tame. */
const victim = fc.record({
  method: hostile(15),
  path: hostile(126).map((text) => `/${text}`),
  query: hostile(511),
  user: hostile(31),
});

describe.each(engines)("status pages with random hostile requests (%s)", (_, engine) => {
  it.each(formats)("%s: no other field moves, and no process comes or goes", (format) => {
    const anchors = { state: "Running", requests: 31, duration: "41", contentLength: "51" };
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
          if (index === at) continue;
          const { user = "-", query = "" } = processes[index] ?? {};
          expect(process).toMatchObject({
            requestMethod: "GET",
            requestUri: query === "" ? "/index.php" : `/index.php?${query}`,
            user,
            script: idle.script,
            lastRequestMemory: idle.memory,
          });
        }
      }),
      { interruptAfterTimeLimit: milliseconds, numRuns: 1_000_000 },
    );
  });

  it("text: not even blocks of the right second make more processes than the total", () => {
    const block = [
      "\ncontent length:       0\nuser:                 -\nscript:               -\n",
      "last request cpu:     0.00\nlast request memory:  0\n\n************************\n",
      "pid:                  666\nstate:                Idle\n",
      `start time:           ${logDate(idle.startTime)}\nstart since:          99\n`,
      "requests:             1\nrequest duration:     1\nrequest method:       GET\n",
      "request URI:          ",
    ].join("");
    const query = fc.tuple(hostile(60), hostile(60)).map((around) => around.join(block));
    fc.assert(
      fc.property(victim, query, fc.integer({ min: 0, max: 2 }), (texts, query, at) => {
        const processes: Partial<WrittenProcess>[] = [{}, { user: "bob" }, { query: "a=b" }];
        processes[at] = { ...texts, query };
        const { processes: read, warnings } = parseStatusPage(
          writePage("text", pageOf(processes)),
          { engine },
        );
        expect(read?.length).toBe(3);
        expect(warnings).not.toEqual([]);
      }),
      { interruptAfterTimeLimit: milliseconds, numRuns: 1_000_000 },
    );
  });

  it("random bytes in and around a page give a status or a typed error", () => {
    const pages = formats.map((format) => writePage(format, pageOf([{}, {}])));
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
