import { describe, expect } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { FastCgiClient } from "../../src/fastcgi/client.js";
import { ConnectionDecoder } from "../../src/fastcgi/connection-decoder.js";
import { ValuesClient } from "../../src/fastcgi/management.js";
import { PairDecoder } from "../../src/fastcgi/pair-decoder.js";
import { type FastCgiRecord, FastCgiRecordDecoder } from "../../src/fastcgi/records.js";
import { ResponseDecoder } from "../../src/fastcgi/response-decoder.js";
import { engines } from "../engine/engines.js";
import { fastCgiAnswers, fastCgiConnections } from "./captures.js";
import { type Answer, answerOf, attempt, problemOf, textsOf } from "./drive.js";
import {
  contentsOf,
  latin1,
  type PlainRecord,
  plainPairs,
  plainParams,
  plainRecords,
} from "./plain.js";
import { malformed, truncated, wrongBodies } from "./probes.js";
import { everyFile, row } from "./table.js";

const STDOUT = 6;
const isStream = (type: number) => type >= 4 && type <= 8;

const inShort = ({ type, requestId, content }: PlainRecord) => [type, requestId, latin1(content)];

function expectAnswer(answer: Answer, file: string, bytes: Uint8Array): void {
  expect(answer, file).toEqual({
    stdout: contentsOf(bytes, STDOUT),
    stderr: "",
    end: { appStatus: 0, protocolStatus: 0 },
    problem: undefined,
  });
}

/** Streams and records in the order of the connection, drawn together where no cut can part them. */
function streamsOf(engine: Engine, chunks: readonly Uint8Array[]) {
  const streams: string[] = [];
  let open = "";
  const decoder = new ConnectionDecoder(({ start, length, type, requestId, begins }) => {
    const content = latin1(engine.memory.subarray(start, start + length));
    const key = `${requestId} ${type} `;
    const continues = isStream(type) ? open === key && length > 0 : !begins;
    streams.push(continues ? `${streams.pop()}${content}` : `${key}${content}`);
    open = length > 0 ? key : "";
  }, engine);
  const problem = attempt(() => {
    for (const chunk of chunks) decoder.push(chunk);
  });
  // What stands before a malformed record in one chunk is not handed out.
  if (problem !== undefined) return { problem };
  const { received, records, atBoundary } = decoder;
  return { streams, received, records, atBoundary };
}

/** The same by the plain reader. */
function plainStreams(bytes: Uint8Array): string[] {
  const streams: string[] = [];
  let open = "";
  for (const { type, requestId, content } of plainRecords(bytes)) {
    const key = `${requestId} ${type} `;
    const continues = isStream(type) && open === key && content.length > 0;
    streams.push(continues ? `${streams.pop()}${latin1(content)}` : `${key}${latin1(content)}`);
    open = content.length > 0 ? key : "";
  }
  return streams;
}

const rows = [
  row({
    decoder: "ResponseDecoder",
    files: fastCgiAnswers,
    decode(chunks, engine) {
      const outcome: Answer = { stdout: "", stderr: "", end: undefined, problem: undefined };
      let taken = 0;
      const decoder = new ResponseDecoder(
        1,
        {
          stdout: (bytes) => {
            outcome.stdout += latin1(bytes);
          },
          stderr: (bytes) => {
            outcome.stderr += latin1(bytes);
          },
          end: (result) => {
            outcome.end = result;
          },
        },
        { engine },
      );
      const problem = attempt(() => {
        for (const chunk of chunks) taken += decoder.push(chunk);
      });
      return { ...outcome, problem: problem ?? problemOf(decoder.closed()), taken };
    },
    facts({ taken, ...answer }, file, bytes) {
      expectAnswer(answer, file, bytes);
      expect(taken, file).toBe(bytes.length);
    },
  }),
  row({
    decoder: "FastCgiClient",
    files: fastCgiAnswers,
    decode: (chunks, engine) =>
      answerOf(
        (handlers) =>
          new FastCgiClient({ requestId: 1, opening: [], endOfBody: [] }, handlers, { engine }),
        chunks,
        engine,
      ),
    facts: expectAnswer,
  }),
  row({
    decoder: "ValuesClient, whose question this does not answer,",
    files: fastCgiAnswers,
    decode: (chunks, engine) =>
      answerOf(
        (handlers) => new ValuesClient(["FCGI_MPXS_CONNS"], handlers, engine),
        chunks,
        engine,
      ),
    facts({ problem }, file) {
      expect(problem?.code, file).toBe("closed_without_answer");
    },
  }),
  row({
    decoder: "ConnectionDecoder",
    files: [...fastCgiConnections, ...fastCgiAnswers],
    decode: (chunks, engine) => streamsOf(engine, chunks),
    facts({ streams, received, records, atBoundary, problem }, file, bytes) {
      const expected = malformed.get(file) ?? wrongBodies.get(file);
      if (expected !== undefined) {
        expect(problem, file).toMatchObject(expected);
        return;
      }
      expect({ streams, received, records, atBoundary }, file).toEqual({
        streams: plainStreams(bytes),
        received: bytes.length,
        records: plainRecords(bytes).length,
        atBoundary: !truncated.has(file),
      });
    },
  }),
  row({
    decoder: "PairDecoder",
    files: fastCgiConnections,
    part: plainParams,
    decode(chunks, engine) {
      const decoder = new PairDecoder({ engine });
      const problem = attempt(() => {
        for (const chunk of chunks) decoder.push(chunk);
        decoder.finish();
      });
      return { pairs: decoder.pairs, problem };
    },
    facts({ pairs, problem }, file, bytes) {
      expect(textsOf(pairs), file).toEqual(plainPairs(bytes));
      const isTooLong = file === "probes/40-params-value-overruns.c2s.bin";
      expect([problem?.code, problem?.offset], file).toEqual(
        isTooLong ? ["limit_exceeded", 0] : [undefined, undefined],
      );
    },
  }),
];

describe.each(engines)("FastCGI however it is cut, on the %s engine", (_, engine) => {
  everyFile(rows, engine);
});

describe("FastCGI however it is cut, without an engine", () => {
  everyFile([
    row({
      decoder: "FastCgiRecordDecoder",
      files: [...fastCgiConnections, ...fastCgiAnswers],
      decode(chunks) {
        const decoder = new FastCgiRecordDecoder();
        const records: FastCgiRecord[] = [];
        const problem = attempt(() => {
          for (const chunk of chunks)
            for (const record of decoder.push(chunk)) records.push(record);
          decoder.end();
        });
        return { records, problem };
      },
      facts({ records, problem }, file, bytes) {
        expect(records.map(inShort), file).toEqual(plainRecords(bytes).map(inShort));
        const { code, offset } = malformed.get(file) ?? truncated.get(file) ?? {};
        expect([problem?.code, problem?.offset], file).toEqual([code, offset]);
      },
    }),
  ]);
});
