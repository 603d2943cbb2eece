import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Protocol } from "../../src/address.js";
import { Variables } from "../../src/cgi/variables.js";
import type { DuplexStreams } from "../../src/client/fetch-over.js";
import { peerView } from "../cgi/peer-env.js";
import { fixture } from "../fixtures.js";
import {
  fastCgiAnswers,
  fastCgiConnections,
  fastCgiFrontEnds,
  scgiAnswers,
  scgiConnections,
  uwsgiAnswers,
  uwsgiConnections,
} from "./captures.js";
import { attempt, type Problem, textsOf } from "./drive.js";
import { loadWith } from "./load-with.js";
import { latin1, plainNetstring, plainPairs, plainParams, plainRecords } from "./plain.js";
import { malformed, truncated, wrongBodies } from "./probes.js";
import { everyFile, row } from "./table.js";

/** What takes the engine of the process, and none from its caller. */
const load = async () => ({
  ...(await import("../../src/describe/create-describer.js")),
  ...(await import("../../src/pool/first-request.js")),
  ...(await import("../../src/phpfpm/fetch-page.js")),
});
type Loaded = Awaited<ReturnType<typeof load>>;

const loaded = [await loadWith("webassembly", load), await loadWith("typescript", load)] as const;

/** What a capture of FastCGI has that is wrong, for people to look at. */
const wrong = new Map<string, Partial<Problem>>([
  ...malformed,
  ...wrongBodies,
  ...truncated,
  ["probes/40-params-value-overruns.c2s.bin", { code: "limit_exceeded", offset: 0 }],
  ["probes/53-zero-bytes-then-close.c2s.bin", { code: "bad_input" }],
]);

/** The lines that describe a connection. Its first bytes show the protocol. */
function linesOf(
  { createDescriber }: Loaded,
  chunks: readonly Uint8Array[],
  protocol: "fcgi" | undefined,
) {
  const lines: string[] = [];
  const describer = createDescriber({ protocol, bytes: 24 });
  const problem = attempt(() => {
    for (const chunk of chunks) for (const line of describer.push(chunk)) lines.push(line);
    for (const line of describer.end()) lines.push(line);
  });
  return { lines, problem };
}

/** Lines that begin so are about something inside of what the line before is about. */
const INSIDE = " ".repeat(12);
const outer = (lines: readonly string[]) => lines.filter((line) => !line.startsWith(INSIDE));

/** A socket that only this test reads. */
class ReadSocket extends EventEmitter {
  paused = true;
  unread: Buffer = Buffer.alloc(0);

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  unshift(bytes: Buffer): void {
    this.unread = bytes;
  }

  destroy(): void {}
}

async function headOf({ readHead }: Loaded, protocol: Protocol, chunks: readonly Uint8Array[]) {
  const socket = new ReadSocket();
  const head = readHead(socket as unknown as Socket, { protocol, limits: undefined, timeout: 0 });
  for (const chunk of chunks) {
    if (socket.paused) break;
    socket.emit("data", Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  }
  const start = await head;
  expect(start?.bytes).toBe(socket.unread.toString("latin1"));
  return { variables: start?.variables && [...start.variables] };
}

/** A connection whose peer sends these chunks, and closes. */
function streamsOf(chunks: readonly Uint8Array[]): DuplexStreams {
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return { readable, writable: new WritableStream() };
}

const asksFirst = (file: string) => file.includes("haproxygetv");
const understood = (file: string) => peerView(file.replace(/^wire\/(.*)--001.c2s.bin$/, "$1")).env;
const byName = (variables: Variables) =>
  new Map([...variables].map(([name]) => [name, variables.get(name)]));

const rowsOf = (modules: Loaded) => [
  row({
    decoder: "FastCgiDescriber",
    files: [...fastCgiConnections, ...fastCgiAnswers],
    decode: (chunks) => linesOf(modules, chunks, "fcgi"),
    facts({ lines, problem }, file, bytes) {
      expect(outer(lines).length, file).toBe(plainRecords(bytes).length);
      const expected = wrong.get(file);
      expect([problem?.code, problem?.offset], file).toEqual([expected?.code, expected?.offset]);
      if (!file.startsWith("wire/")) return;
      const isAnswer = fastCgiAnswers.includes(file);
      expect(lines.at(isAnswer ? -1 : 0), file).toMatch(isAnswer ? /END_REQUEST/ : /BEGIN|GET_VAL/);
      const pairs = plainParams(bytes).flatMap(plainPairs).length;
      const inner = lines.length - outer(lines).length;
      expect(inner, file).toBe(pairs);
    },
  }),
  row({
    decoder: "ScgiDescriber",
    files: scgiConnections,
    decode: (chunks) => linesOf(modules, chunks, undefined),
    facts({ lines, problem }, file, bytes) {
      expect(problem, file).toBeUndefined();
      const headers = (plainNetstring(bytes).split("\0").length - 1) / 2;
      expect(lines[0], file).toMatch(new RegExp(`0  netstring .* ${headers} headers$`));
      expect(lines.length - outer(lines).length, file).toBe(headers);
    },
  }),
  row({
    decoder: "UwsgiDescriber",
    files: uwsgiConnections,
    decode: (chunks) => linesOf(modules, chunks, undefined),
    facts({ lines, problem }, file) {
      expect(problem, file).toBeUndefined();
      const modifier1 = file.includes("modifier") ? 9 : 0;
      const inner = lines.filter((line) => line.startsWith(INSIDE));
      expect(lines[0], file).toMatch(
        new RegExp(`0  packet .* modifier1 ${modifier1}  modifier2 0  ${inner.length} variables$`),
      );
      const names = new Set(inner.map((line) => /^ +(.*?) =/.exec(line)?.[1]));
      if (modifier1 === 0) expect(names, file).toEqual(new Set(understood(file).keys()));
    },
  }),
  row({
    decoder: "ResponseDescriber",
    files: [...scgiAnswers, ...uwsgiAnswers],
    decode: (chunks) => linesOf(modules, chunks, undefined),
    facts({ lines, problem }, file, bytes) {
      expect(problem, file).toBeUndefined();
      const head = latin1(bytes).indexOf("\r\n\r\n") + 4;
      expect(lines[0], file).toMatch(
        new RegExp(`0  response head .*${head} bytes  status 200 OK$`),
      );
      expect(lines.at(-1), file).toContain(`${head}  body `);
      expect(lines.at(-1), file).toContain(`${bytes.length - head} bytes`);
    },
  }),
  ...[
    { protocol: Protocol.FastCgi, files: fastCgiFrontEnds },
    { protocol: Protocol.Scgi, files: scgiConnections },
    { protocol: Protocol.Uwsgi, files: uwsgiConnections },
    { protocol: Protocol.Http, files: ["probes/52-not-fastcgi-http.c2s.bin"] },
  ].map(({ protocol, files }) =>
    row({
      decoder: `readHead, before a connection of ${protocol} is passed on,`,
      files,
      decode: (chunks) => headOf(modules, protocol, chunks),
      facts({ variables = [] }, file, bytes) {
        if (protocol === Protocol.FastCgi) {
          const [first = new Uint8Array(0)] = asksFirst(file) ? [] : plainParams(bytes);
          expect(textsOf(variables), file).toEqual(plainPairs(first));
        } else if (protocol === Protocol.Http) {
          expect(variables, file).toContainEqual(["REQUEST_METHOD", "GET"]);
        } else if (file.includes("modifier")) {
          expect(new Variables(variables).get("REQUEST_URI")).toBe("/tuwmod/x");
        } else {
          expect(byName(new Variables(variables)), file).toEqual(understood(file));
        }
      },
    }),
  ),
  row({
    decoder: "statusOver Web Streams",
    files: fastCgiAnswers.filter((file) => file.startsWith("fpm-status/")),
    async decode(chunks) {
      const { processes, ...pool } = (await modules.statusOver(streamsOf(chunks))).toJSON();
      return { pool: { ...pool }, processes: JSON.stringify(processes) };
    },
    facts({ pool, processes }, file, bytes) {
      const page = latin1(bytes);
      expect(pool.pool, file).toBe(/^pool: +(\w+)$/m.exec(page)?.[1]);
      expect(pool.acceptedConn, file).toBe(Number(/^accepted conn: +(\d+)$/m.exec(page)?.[1]));
      const listed = file.includes("-full") ? JSON.parse(processes ?? "").length : undefined;
      expect(listed, file).toBe(file.includes("-full") ? 100 : undefined);
    },
  }),
];

const connection = fixture("wire/haproxygetv-fpm--get--001.c2s.bin");
it.each([0, 1, 8, 56, 64, 500])(
  "readHead passes on without variables what asks for values first, cut at %i",
  async (at) => {
    for (const [, , modules] of loaded) {
      const chunks = [connection.subarray(0, at), connection.subarray(at)];
      expect(await headOf(modules, Protocol.FastCgi, chunks)).toEqual({ variables: undefined });
    }
  },
);

describe.each(loaded)(
  "what takes the %s engine of the process, however it is cut",
  (_, __, modules) => {
    everyFile(rowsOf(modules));
  },
);
