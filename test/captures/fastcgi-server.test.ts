import { describe, expect } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { FastCgiServer } from "../../src/fastcgi/server.js";
import { engines } from "../engine/engines.js";
import {
  fastCgiConnections,
  fastCgiFrontEnds,
  scgiConnections,
  uwsgiConnections,
} from "./captures.js";
import { type Problem, type Served, serve, textsOf } from "./drive.js";
import { contentsOf, plainPairs, plainParams, plainRecords } from "./plain.js";
import { malformed, wrongBodies } from "./probes.js";
import { everyFile, row } from "./table.js";

const BEGIN_REQUEST = 1;
const END_REQUEST = 3;
const STDIN = 5;

/** What the server says of a connection at whose end the front end closes. */
const serverProblems = new Map<string, Partial<Problem>>([
  ...malformed,
  ...wrongBodies,
  ["probes/40-params-value-overruns.c2s.bin", { code: "limit_exceeded", offset: 0 }],
  ["probes/45-stdin-never-ended.c2s.bin", { code: "truncated", offset: 267 }],
  ["probes/46-stdin-never-ended-halfclose.c2s.bin", { code: "truncated", offset: 267 }],
  ["probes/52-not-fastcgi-http.c2s.bin", { code: "wrong_protocol", offset: 0 }],
  ["probes/54-half-header-close.c2s.bin", { code: "truncated", offset: 3 }],
  ["probes/74-params-end-missing-stdin-first.c2s.bin", { code: "malformed", offset: undefined }],
]);
/** Whose request is not served: its id is 0, its role unknown, or it is aborted before it is whole. */
const unserved = [
  "probes/08-rid-0.c2s.bin",
  "probes/14-role-unknown-9.c2s.bin",
  "probes/29-abort-during-params.c2s.bin",
];
/** What the first request of a front end is, by the label of its capture. */
const methods = new Map([
  ...["post", "post70k", "chunked", "expect", "parallel6"].map((label) => [label, "POST"] as const),
  ["delete", "DELETE"],
  ["head", "HEAD"],
]);
const bodies = new Map([
  ["post", 11],
  ["post70k", 70_000],
  ["chunked", 70_000],
  ["expect", 3],
  ["parallel6", 5],
]);
const labelOf = (file: string) => file.split("--")[1] ?? "";

const countOf = (bytes: Uint8Array, wanted: number) =>
  plainRecords(bytes).filter(({ type }) => type === wanted).length;

/** What stands before a malformed record in one chunk is not handed out. */
function serveFastCgi(engine: Engine, chunks: readonly Uint8Array[], multiplex: boolean): Served {
  const served = serve((handlers) => new FastCgiServer(handlers, { engine, multiplex }), chunks);
  return served.refused ? { ...served, requests: [], sent: "", ignored: 0 } : served;
}

function expectServed({ requests, problem }: Served, file: string, bytes: Uint8Array): void {
  const expected = serverProblems.get(file);
  if (expected === undefined) expect(problem, file).toBeUndefined();
  else expect(problem, file).toMatchObject(expected);
  const isServed = !unserved.includes(file) && expected?.code !== "malformed";
  const params = isServed && expected?.code !== "limit_exceeded" ? plainParams(bytes) : [];
  expect(
    requests.map(({ variables }) => textsOf(variables)),
    file,
  ).toEqual(params.map(plainPairs));
  if (!file.startsWith("wire/")) return;
  const [first] = requests;
  expect(first?.variables, file).toContainEqual([
    "REQUEST_METHOD",
    methods.get(labelOf(file)) ?? "GET",
  ]);
  expect(first?.body, file).toHaveLength(bodies.get(labelOf(file)) ?? 0);
  const stdin = requests.map(({ body }) => body.length).reduce((one, other) => one + other, 0);
  expect(stdin, file).toBe(contentsOf(bytes, STDIN).length);
  expect(
    requests.every(({ bodyEnded, aborted }) => bodyEnded && aborted === undefined),
    file,
  ).toBe(true);
}

const rows = [
  row({
    decoder: "FastCgiServer, multiplexing,",
    files: fastCgiConnections,
    decode: (chunks, engine) => serveFastCgi(engine, chunks, true),
    facts: expectServed,
  }),
  row({
    decoder: "FastCgiServer, one request at a time,",
    files: fastCgiFrontEnds.filter((file) => file.includes("parallel")),
    decode: (chunks, engine) => serveFastCgi(engine, chunks, false),
    facts({ sent, problem, requests }, file, bytes) {
      expect(problem, file).toBeUndefined();
      const ends = plainRecords(Buffer.from(sent, "latin1")).filter(
        ({ type }) => type === END_REQUEST,
      );
      const begins = countOf(bytes, BEGIN_REQUEST);
      expect(ends.length, file).toBe(begins);
      // Each is served, or refused because it was sent while another was.
      const statuses = ends.map(({ content }) => content[4]);
      expect(statuses.filter((status) => status === 0).length, file).toBe(requests.length);
      expect(statuses.filter((status) => status === 1).length, file).toBe(begins - requests.length);
    },
  }),
  row({
    decoder: "FastCgiServer, which does not speak SCGI,",
    files: scgiConnections,
    decode: (chunks, engine) => serveFastCgi(engine, chunks, false),
    facts({ problem }, file) {
      expect(problem, file).toMatchObject({ code: "wrong_protocol", offset: 0 });
      expect(problem?.message, file).toContain("SCGI");
    },
  }),
  row({
    decoder: "FastCgiServer, which does not speak uwsgi,",
    files: uwsgiConnections,
    decode: (chunks, engine) => serveFastCgi(engine, chunks, false),
    facts({ problem }, file) {
      // The greeting is known by the modifiers that front ends send.
      const code = file.includes("modifier") ? "malformed" : "wrong_protocol";
      expect(problem, file).toMatchObject({ code, offset: 0 });
    },
  }),
];

describe.each(engines)("FastCGI's server however it is cut, on the %s engine", (_, engine) => {
  everyFile(rows, engine);
});
