import { describe, expect, it } from "vitest";
import {
  streamWorkerRows,
  type WorkerPage,
  WorkerPageReader,
} from "../../src/apache/page/html-page.js";
import { PageDecoder } from "../../src/apache/page/page-decoder.js";
import { parseServerStatus } from "../../src/apache/page/text-page.js";
import type { WorkerRow } from "../../src/apache/page/worker-row.js";
import type { GatewayError } from "../../src/errors.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";
import {
  apacheHtmlPages,
  apacheMetrics,
  apacheTextPages,
  lighttpdPages,
  poolHtmlPages,
  poolPages,
} from "./captures.js";
import { attempt, type Problem, problemOf } from "./drive.js";
import { latin1 } from "./plain.js";
import { everyFile, row } from "./table.js";

/** A page, or what it is instead. */
type Outcome = {
  page: WorkerPage | undefined;
  problem: Problem | undefined;
  hint?: string | undefined;
};

async function outcome(read: () => Promise<WorkerPage> | WorkerPage): Promise<Outcome> {
  try {
    return { page: await read(), problem: undefined };
  } catch (error) {
    const { hint } = error as GatewayError;
    return { page: undefined, problem: problemOf(error as GatewayError), hint };
  }
}

/** The cells of the worker table, by the pattern that httpd writes. */
const workersOf = (page: string) =>
  [...page.matchAll(/^<tr><td><b>(\d+)-(\d+)<\/b><\/td><td>(\d+|-)<\/td>/gm)].map(
    ([, ...cells]) => cells,
  );

function expectWorkers({ page, problem, hint }: Outcome, file: string, bytes: Uint8Array): void {
  const text = latin1(bytes);
  // Workers are listed with ExtendedStatus, and in a table.
  const code =
    file.includes("/extoff") || file.includes("notable") ? "not_a_status_page" : undefined;
  expect(problem?.code, file).toBe(code);
  if (code !== undefined) {
    const isOff = file.includes("/extoff");
    expect(hint, file).toMatch(isOff ? /ExtendedStatus On/ : /^ask without \?notable$/);
    return;
  }
  const rows = page?.rows.map(({ childNumber, generation, pid }) => [childNumber, generation, pid]);
  expect(
    rows?.map((cells) => cells.map((cell) => `${cell ?? "-"}`)),
    file,
  ).toEqual(workersOf(text));
  expect(page?.rows.length, file).toBeGreaterThan(0);
  expect(page?.scoreboard, file).toBe(
    /<pre>([\s\S]*?)<\/pre>/.exec(text)?.[1]?.replaceAll("\n", ""),
  );
  expect(page?.malformedRows, file).toBe(0);
}

/** UTF-8 up to the first byte that is none, and ISO-8859-1 from there on. */
function textOf(bytes: Uint8Array): string {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let end = bytes.length; ; end--) {
    try {
      return utf8.decode(bytes.subarray(0, end)) + latin1(bytes.subarray(end));
    } catch {
      // The byte before is not of the text.
    }
  }
}

describe("the pages of httpd, however they are cut", () => {
  everyFile([
    row({
      decoder: "streamWorkerRows, of WorkerPageReader,",
      files: apacheHtmlPages,
      decode: (chunks) =>
        outcome(async () => {
          const rows: WorkerRow[] = [];
          async function* pieces() {
            yield* chunks;
          }
          const stream = streamWorkerRows(pieces());
          let next = await stream.next();
          for (; !next.done; next = await stream.next()) rows.push(next.value);
          return { rows, ...next.value };
        }),
      facts: expectWorkers,
    }),
    row({
      decoder: "WorkerPageReader, for which these are no pages of workers,",
      files: [...apacheTextPages, ...poolHtmlPages, ...lighttpdPages],
      decode(chunks) {
        const reader = new WorkerPageReader(() => {});
        return attempt(() => {
          for (const chunk of chunks) reader.write(chunk);
          reader.end();
        });
      },
      facts(problem, file) {
        expect(problem?.code, file).toBe("not_a_status_page");
        const isOfHttpd = apacheTextPages.includes(file);
        expect(problem?.message.includes("this is the text status page"), file).toBe(isOfHttpd);
      },
    }),
    row({
      decoder: "PageDecoder",
      files: [...apacheHtmlPages, ...apacheTextPages, ...poolPages, ...poolHtmlPages],
      decode(chunks) {
        const decoder = new PageDecoder();
        let text = "";
        for (const chunk of chunks) text += decoder.write(chunk);
        return text + decoder.end();
      },
      facts: (text, file, bytes) => expect(text, file).toBe(textOf(bytes)),
    }),
  ]);
});

describe.each(engines)("the pages of httpd that are read whole, on the %s engine", (_, engine) => {
  it.each(apacheTextPages)("parseServerStatus reads %s", (file) => {
    const page = fixture(file);
    const status = parseServerStatus(page, engine);
    const value = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(latin1(page))?.[1];
    const number = (key: string) => (value(key) === undefined ? undefined : Number(value(key)));
    expect(status).toMatchObject({
      busyWorkers: number("BusyWorkers"),
      idleWorkers: number("IdleWorkers"),
      totalAccesses: number("Total Accesses"),
      serverVersion: value("ServerVersion"),
      warnings: [],
    });
    expect(status.scoreboard?.letters).toBe(value("Scoreboard"));
  });

  const others = [
    ...apacheHtmlPages,
    ...apacheMetrics,
    ...lighttpdPages,
    ...poolPages,
    ...poolHtmlPages,
  ];
  it(`parseServerStatus refuses ${others.length} pages that are none, or are for people`, () => {
    for (const file of others) {
      const problem = attempt(() => parseServerStatus(fixture(file), engine));
      expect(problem?.code, file).toBe("not_a_status_page");
    }
  });
});
