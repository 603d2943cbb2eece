import { describe, expect, it } from "vitest";
import { ResponseHeadReader } from "../../src/cgi/response-head-reader.js";
import { linesOf } from "../../src/discovery/target-files.js";
import { FastCgiClient } from "../../src/fastcgi/client.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";
import {
  apacheHtmlPages,
  apacheMetrics,
  apacheTextPages,
  poolHtmlPages,
  poolPages,
  poolTextPages,
} from "./captures.js";
import { answerOf, attempt } from "./drive.js";
import { latin1 } from "./plain.js";
import { everyFile, row } from "./table.js";

const STDOUT = 6;
/** PHP-FPM writes its page in records of this size. */
const RECORD = 8_184;
const HEAD = "Content-type: text/plain;charset=UTF-8\r\n\r\n";

/** The answer in which PHP-FPM sends a page. */
function answerWith(page: Uint8Array): Uint8Array {
  const stdout = Buffer.concat([Buffer.from(HEAD), page]);
  const records: Uint8Array[] = [];
  for (let at = 0; at < stdout.length; at += RECORD) {
    records.push(encodeRecord(STDOUT, 1, stdout.subarray(at, at + RECORD)));
  }
  return new Uint8Array(Buffer.concat([...records, encodeEndRequest(1, 0, 0)]));
}

/** What a page says, by patterns for its format. */
const patterns: Record<string, { pool: RegExp; accepted: RegExp; processes: RegExp }> = {
  txt: {
    pool: /^pool: +(.+)$/m,
    accepted: /^accepted conn: +(\d+)$/m,
    processes: /^\*{24}\npid: /gm,
  },
  json: {
    pool: /"pool":"(\w+)"/,
    accepted: /"accepted conn":(\d+)/,
    processes: /\{"pid":\d+,"st/g,
  },
  xml: {
    pool: /<pool>(\w+)</,
    accepted: /<accepted-conn>(\d+)</,
    processes: /<process><pid>\d+<\/pid><state>/g,
  },
  om: {
    pool: /Could pool (\w+) using/,
    accepted: /^phpfpm_accepted_connections (\d+)$/m,
    processes: /^no process is ever listed$/gm,
  },
};

describe.each(engines)("status pages of PHP-FPM, on the %s engine", (_, engine) => {
  everyFile(
    [
      row({
        decoder: "the way of a page from FastCGI to parseStatusPage, however it is cut,",
        files: poolPages,
        part: (page) => [answerWith(page)],
        decode(chunks) {
          const create = (handlers: ConstructorParameters<typeof FastCgiClient>[1]) =>
            new FastCgiClient({ requestId: 1, opening: [], endOfBody: [] }, handlers, { engine });
          const { stdout, problem } = answerOf(create, chunks, engine);
          const bytes = Buffer.from(stdout, "latin1");
          const head = new ResponseHeadReader().push(bytes);
          return { page: bytes.subarray(head?.bodyStart).toString("latin1"), problem };
        },
        facts({ page, problem }, file) {
          const bytes = fixture(file);
          expect(problem, file).toBeUndefined();
          expect(page, file).toBe(latin1(bytes));
          const status = parseStatusPage(Buffer.from(page, "latin1"), { engine });
          const { pool, accepted, processes } = patterns[file.split(".").at(-1) ?? ""] ?? {};
          expect(status.pool, file).toBe(pool?.exec(page)?.[1]);
          expect(status.acceptedConn, file).toBe(Number(accepted?.exec(page)?.[1]));
          expect(status.processes?.length ?? 0, file).toBe(
            page.match(processes ?? "")?.length ?? 0,
          );
        },
      }),
    ],
    engine,
  );

  const others = [...poolHtmlPages, ...apacheTextPages, ...apacheHtmlPages, ...apacheMetrics];
  it(`parseStatusPage refuses ${others.length} pages that are none, or are for people`, () => {
    for (const file of others) {
      const problem = attempt(() => parseStatusPage(fixture(file), { engine }));
      expect(problem?.code, file).toBe("not_a_status_page");
    }
  });
});

describe("lines of text, however they are cut", () => {
  everyFile([
    row({
      decoder: "linesOf",
      files: poolTextPages,
      async decode(chunks) {
        const lines: string[] = [];
        async function* source() {
          yield* chunks;
        }
        for await (const line of linesOf(source())) lines.push(line);
        return lines;
      },
      facts(lines, file, bytes) {
        const text = new TextDecoder().decode(bytes);
        expect(lines, file).toEqual(text.replace(/\n$/, "").split("\n"));
      },
    }),
  ]);
});
