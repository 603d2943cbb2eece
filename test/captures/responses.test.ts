import { Writable } from "node:stream";
import { describe, expect } from "vitest";
import { Protocol } from "../../src/address.js";
import type { ClientHandlers, ClientMachine } from "../../src/cgi/client-machine.js";
import { ProgramClient } from "../../src/cgi/program-client.js";
import { ResponseHeadReader } from "../../src/cgi/response-head-reader.js";
import { BridgeAnswer } from "../../src/client/bridge.js";
import { ResponseReceiver } from "../../src/client/response-receiver.js";
import type { Engine } from "../../src/engine/engine.js";
import { FastCgiClient } from "../../src/fastcgi/client.js";
import { defaultLimits } from "../../src/limits.js";
import { createScgiClient } from "../../src/scgi/client.js";
import { handlerOf } from "../../src/server/handler.js";
import { createUwsgiClient } from "../../src/uwsgi/client.js";
import { engines } from "../engine/engines.js";
import { makeContext } from "../server/context.js";
import { fastCgiAnswers, scgiAnswers, uwsgiAnswers } from "./captures.js";
import { answerOf, attempt, problemOf, receive } from "./drive.js";
import { contentsOf, latin1 } from "./plain.js";
import { everyFile, row } from "./table.js";

const STDOUT = 6;

/** The response that an answer carries. */
function responseOf(bytes: Uint8Array, file: string): Uint8Array {
  if (!fastCgiAnswers.includes(file)) return bytes;
  return new Uint8Array(Buffer.from(contentsOf(bytes, STDOUT), "latin1"));
}

/** Its head and its body: they are parted by the first blank line. */
function partsOf(response: Uint8Array): [head: string, body: string] {
  const text = latin1(response);
  const end = text.indexOf("\r\n\r\n") + 4;
  return [text.slice(0, end), text.slice(end)];
}

function expectResponse(
  {
    status,
    contentType,
    body,
  }: { status: number; contentType: string | null | undefined; body: string },
  file: string,
  response: Uint8Array,
): void {
  const [head, expected] = partsOf(response);
  expect([status, body], file).toEqual([200, expected]);
  expect(contentType, file).toBe(/^Content-type: (.*)\r$/im.exec(head)?.[1]);
  const length = /^Content-length: (.*)\r$/im.exec(head)?.[1];
  if (length !== undefined) expect(body, file).toHaveLength(Number(length));
  // What PHP-FPM says of a pool, or what a backend was asked.
  expect(body, file).toMatch(file.startsWith("fpm-status/") ? /^pool: / : /REQUEST_METHOD/);
}

const answers = [...fastCgiAnswers, ...scgiAnswers, ...uwsgiAnswers];

function clientOf(protocol: Protocol, handlers: ClientHandlers, engine: Engine): ClientMachine {
  switch (protocol) {
    case Protocol.Scgi:
      return createScgiClient({ variables: [], contentLength: 0 }, handlers, { engine });
    case Protocol.Uwsgi:
      return createUwsgiClient({}, handlers, engine);
    default:
      return new FastCgiClient({ requestId: 1, opening: [], endOfBody: [] }, handlers, { engine });
  }
}

/** Feeds an answer to a protocol's client, at whose end the connection is closed. */
function feed(
  protocol: Protocol,
  handlers: ClientHandlers,
  chunks: readonly Uint8Array[],
  engine: Engine,
): void {
  const machine = clientOf(protocol, handlers, engine);
  receive(engine, chunks, (length) => machine.receive(length));
  expect(machine.closed(undefined)).toBeUndefined();
}

const protocols = [
  { protocol: Protocol.FastCgi, files: fastCgiAnswers },
  { protocol: Protocol.Scgi, files: scgiAnswers },
  { protocol: Protocol.Uwsgi, files: uwsgiAnswers },
];

const rows = [
  ...protocols.map(({ protocol, files }) =>
    row({
      decoder: `ResponseReceiver behind ${protocol}`,
      files,
      async decode(chunks, engine) {
        const receiver = new ResponseReceiver({ protocol }, "GET", defaultLimits, {});
        feed(protocol, receiver, chunks, engine);
        const response = await receiver.response;
        const { status, headers } = response;
        const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
        return { status, contentType: headers.get("content-type"), body };
      },
      facts: (outcome, file, bytes) => expectResponse(outcome, file, responseOf(bytes, file)),
    }),
  ),
  ...protocols.map(({ protocol, files }) =>
    row({
      decoder: `BridgeAnswer behind ${protocol}`,
      files,
      async decode(chunks, engine) {
        const outcome = { stdout: "", stderr: "" };
        const output = (stream: keyof typeof outcome) =>
          new Writable({
            write(bytes, _, done) {
              outcome[stream] += latin1(bytes);
              done();
            },
          });
        const answer = new BridgeAnswer(
          protocol,
          output("stdout"),
          output("stderr"),
          defaultLimits,
        );
        feed(protocol, answer, chunks, engine);
        return { ...outcome, end: await answer.ended };
      },
      facts({ stdout, stderr, end }, file, bytes) {
        const [head, body] = partsOf(responseOf(bytes, file));
        expect([stderr, end], file).toEqual(["", { appStatus: 0, protocolStatus: 0 }]);
        // A front end reads the status from a field, and uWSGI sends a line of HTTP's.
        expect(stdout, file).toBe(head.replace(/^HTTP\/1.1/, "Status:") + body);
      },
    }),
  ),
  row({
    decoder: "ProgramClient",
    files: answers,
    part: (bytes, file) => [responseOf(bytes, file)],
    decode: (chunks, engine) =>
      answerOf((handlers) => new ProgramClient([], handlers, engine), chunks, engine),
    facts({ stdout, problem }, file, response) {
      expect([stdout, problem], file).toEqual([latin1(response), undefined]);
    },
  }),
];

describe.each(engines)("answers however they are cut, on the %s engine", (_, engine) => {
  everyFile(rows, engine);
});

describe("answers however they are cut, without an engine", () => {
  everyFile([
    row({
      decoder: "ResponseHeadReader",
      files: answers,
      part: (bytes, file) => [responseOf(bytes, file)],
      decode(chunks) {
        const reader = new ResponseHeadReader();
        let head: ReturnType<ResponseHeadReader["push"]>;
        let body = "";
        const problem = attempt(() => {
          for (const chunk of chunks) {
            if (head !== undefined) body += latin1(chunk);
            else {
              head = reader.push(chunk);
              body += head === undefined ? "" : latin1(chunk.subarray(head.bodyStart));
            }
          }
        });
        if (head === undefined) return { problem: problem ?? problemOf(reader.closed()), body };
        const { status, explicitStatus, statusText, length, headers } = head;
        return { problem, body, head: { status, explicitStatus, statusText, length, headers } };
      },
      facts({ problem, head, body }, file, response) {
        expect(problem, file).toBeUndefined();
        const { status = 0, headers = [], length, explicitStatus } = head ?? {};
        const fields = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
        expectResponse({ status, contentType: fields.get("content-type"), body }, file, response);
        expect(length, file).toBe(partsOf(response)[0].length);
        expect(explicitStatus, file).toBe(!fastCgiAnswers.includes(file));
      },
    }),
    row({
      decoder: "CgiOutput, what a handler of streams writes to,",
      files: answers,
      part: (bytes, file) => [responseOf(bytes, file)],
      async decode(chunks) {
        const handler = handlerOf({
          async streams(_, __, stdout) {
            const writer = stdout.getWriter();
            for (const chunk of chunks) await writer.write(chunk);
          },
        });
        const response = await handler(new Request("http://h/"), makeContext());
        const { status, headers } = response;
        const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
        return { status, contentType: headers.get("content-type"), body };
      },
      facts: expectResponse,
    }),
  ]);
});
