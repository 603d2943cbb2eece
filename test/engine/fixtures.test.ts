import { describe, expect, it } from "vitest";
import { hashKey } from "../../src/engine/hash-key.js";
import { latin1 } from "./bytes.js";
import { cuts } from "./cuts.js";
import {
  demultiplex,
  demultiplexConnection,
  type Failure,
  frame,
  split,
  splitLines,
} from "./drive.js";
import { engines } from "./engines.js";
import { fixture, fixtures } from "./fixtures.js";

/** Files up to this size are cut at each point, longer ones into pieces of these sizes. */
const CUT_EVERYWHERE = 700;
const SIZES = [60_000, 4_096, 1_000, 61, 8, 7];

function* pieces(bytes: Uint8Array): Generator<readonly [how: string, chunks: Uint8Array[]]> {
  if (bytes.length <= CUT_EVERYWHERE) yield* cuts(bytes);
  for (const size of SIZES) {
    const count = Math.ceil(bytes.length / size);
    yield [
      `pieces of ${size}`,
      Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)),
    ];
  }
}

/** Runs a job over every cut; a failure must be the same one, whatever came before it. */
function expectSame<T extends { failure?: Failure | undefined }>(
  bytes: Uint8Array,
  job: (chunks: Uint8Array[]) => T,
): T {
  let expected: T | undefined;
  let told = "";
  for (const [how, chunks] of pieces(bytes)) {
    const actual = job(chunks);
    const telling = JSON.stringify(actual.failure ?? actual);
    if (expected === undefined) {
      expected = actual;
      told = telling;
    } else if (telling !== told) {
      expect(actual.failure ?? actual, how).toEqual(expected.failure ?? expected);
    }
  }
  return expected as T;
}

/** The default engine is one of these. */
const bothEngines = engines.slice(0, 2);

describe.each(bothEngines)("captured bytes in any pieces, %s", (_, engine) => {
  it.each(fixtures("fpm-status", ".fcgi.bin"))("%s: one request", (name) => {
    const response = expectSame(fixture(name), (chunks) => demultiplex(engine, chunks));
    expect(response).toMatchObject({ end: { appStatus: 0, protocolStatus: 0 }, otherRequests: 0 });
    expect(response.stdout).toContain("\r\n\r\npool: ");
  });

  it("all records of a long answer are one stdout (S0.23)", () => {
    const page = fixture("fpm-status/big100-idle--text-full.body.txt");
    const answer = fixture("fpm-status/big100-idle--text-full.fcgi.bin");
    const { stdout, records } = demultiplex(engine, [answer]);
    expect(records).toBeGreaterThan(3);
    expect(stdout.split("\r\n\r\n")[1]).toHaveLength(page.length);
  });

  const requests = [
    ...fixtures("probes", ".c2s.bin"),
    ...fixtures("wire", ".c2s.bin").filter((name) => name.includes("-fpm--")),
  ];

  it(`${requests.length} connections: records of every request`, () => {
    let records = 0;
    for (const name of requests) {
      records += expectSame(fixture(name), (chunks) =>
        demultiplexConnection(engine, chunks),
      ).records;
    }
    expect(records).toBeGreaterThan(requests.length);
  });

  it("requests to PHP-FPM: their parameters", () => {
    const contents = new Set<string>();
    for (const name of requests) {
      const { rows } = demultiplexConnection(engine, [fixture(name).subarray(0, 60_000)]);
      const params = rows.find(({ type, content }) => type === 4 && content !== "");
      if (params !== undefined) contents.add(params.content);
    }
    let found = 0;
    for (const content of contents) {
      const { pairs } = expectSame(latin1(content), (chunks) =>
        split(engine, "splitPairs", chunks),
      );
      if (pairs.some(([key]) => key === "REQUEST_METHOD")) found++;
    }
    expect(found).toBeGreaterThan(50);
  });

  const scgi = fixtures("wire", ".c2s.bin").filter((name) => name.includes("-scgi--"));

  it.each(scgi)("%s: a netstring of headers", (name) => {
    const { frames, consumed } = expectSame(fixture(name), (chunks) =>
      frame(engine, "splitNetstrings", chunks, { most: 1 }),
    );
    const { pairs } = expectSame(latin1(frames[0]?.content ?? ""), (chunks) =>
      split(engine, "splitHeaders", chunks),
    );
    const headers = new Map(pairs);
    expect(pairs[0]?.[0]).toBe("CONTENT_LENGTH");
    expect(headers.get("SCGI")).toBe("1");
    expect(fixture(name).length - consumed).toBe(Number(headers.get("CONTENT_LENGTH")));
  });

  const uwsgi = fixtures("wire", ".c2s.bin").filter((name) => name.includes("-uwsgi--"));

  it.each(uwsgi)("%s: a packet of variables", (name) => {
    const { frames } = expectSame(fixture(name), (chunks) =>
      frame(engine, "splitPackets", chunks, { most: 1 }),
    );
    const { pairs } = expectSame(latin1(frames[0]?.content ?? ""), (chunks) =>
      split(engine, "splitVariables", chunks),
    );
    expect(pairs.map(([key]) => key)).toContain("REQUEST_METHOD");
  });

  it.each([
    "fpm-status/dynamic-after--text.body.txt",
    "fpm-status/hostile-uri--text-full.body.txt",
    "fpm-status/big100-idle--text-full.body.txt",
    "apache-status/event-loaded--auto.txt",
    "apache-status/extoff-idle--auto.txt",
  ])("%s: lines", (name) => {
    const { lines } = expectSame(fixture(name), (chunks) => ({
      lines: splitLines(engine, chunks),
      failure: undefined,
    }));
    const known = [hashKey("pool"), hashKey("Scoreboard")];
    expect(lines.filter(({ hash }) => known.includes(hash))).toHaveLength(1);
  });
});
