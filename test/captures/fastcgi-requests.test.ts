import { describe, expect } from "vitest";
import { engines } from "../engine/engines.js";
import { requestsOf } from "../fastcgi/requests-of.js";
import { fastCgiFrontEnds, fastCgiProbes, scgiConnections, uwsgiConnections } from "./captures.js";
import type { Problem } from "./drive.js";
import { contentsOf, plainPairs, plainParams } from "./plain.js";
import { malformed, truncated, wrongBodies } from "./probes.js";
import { everyFile, row } from "./table.js";

const STDIN = 5;

const problems = new Map<string, Partial<Problem>>([
  ...malformed,
  ...wrongBodies,
  ...truncated,
  ["probes/40-params-value-overruns.c2s.bin", { code: "limit_exceeded" }],
  ["probes/45-stdin-never-ended.c2s.bin", { code: "truncated", offset: 267 }],
  ["probes/46-stdin-never-ended-halfclose.c2s.bin", { code: "truncated", offset: 267 }],
  ["probes/52-not-fastcgi-http.c2s.bin", { code: "wrong_protocol", offset: 0 }],
  ["probes/74-params-end-missing-stdin-first.c2s.bin", { code: "malformed" }],
]);
/** Whose request has the id 0, or is aborted before its variables are complete. */
const unserved = ["probes/08-rid-0.c2s.bin", "probes/29-abort-during-params.c2s.bin"];

const isOf = (labels: RegExp) => (file: string) => labels.test(file);

const rows = [
  row({
    decoder: "FastCgiRequestDecoder",
    files: [...fastCgiProbes, ...fastCgiFrontEnds.filter(isOf(/--(?:get|post|parallel|keep|seq)/))],
    decode: (chunks, engine) => requestsOf(chunks, engine),
    facts({ events, problem }, file, bytes) {
      const expected = problems.get(file);
      if (expected === undefined) expect(problem, file).toBeUndefined();
      else expect(problem, file).toMatchObject(expected);
      const good = bytes.subarray(0, problem?.offset);
      const variables = events.flatMap(([kind, , head]) =>
        kind === "request" ? [Reflect.get(head as object, "variables")] : [],
      );
      expect(variables, file).toEqual(
        unserved.includes(file) ? [] : plainParams(good).map(plainPairs),
      );
      if (!file.startsWith("wire/")) return;
      const stdin = events.filter(([kind]) => kind === "stdin").map(([, , part]) => part);
      expect(stdin.join(""), file).toBe(contentsOf(bytes, STDIN));
      const ends = events.filter(([kind]) => kind === "end");
      expect(ends.length, file).toBe(variables.length);
    },
  }),
  row({
    decoder: "FastCgiRequestDecoder, which does not decode other protocols,",
    files: [...scgiConnections, ...uwsgiConnections].filter(isOf(/--(?:get|modifier)--/)),
    decode: (chunks, engine) => requestsOf(chunks, engine),
    facts({ events, problem }, file) {
      expect(events, file).toEqual([]);
      const code = file.includes("modifier") ? "malformed" : "wrong_protocol";
      expect(problem, file).toMatchObject({ code, offset: 0 });
    },
  }),
];

describe.each(engines)("FastCGI's requests however they are cut, on the %s engine", (_, engine) => {
  everyFile(rows, engine);
});
