import { describe, expect } from "vitest";
import { Variables } from "../../src/cgi/variables.js";
import { createScgiClient } from "../../src/scgi/client.js";
import { NetstringDecoder } from "../../src/scgi/netstring.js";
import { createScgiServer, ScgiRequestDecoder } from "../../src/scgi/server.js";
import { createUwsgiClient, UwsgiPingClient } from "../../src/uwsgi/client.js";
import { UwsgiPacketDecoder } from "../../src/uwsgi/packet-decoder.js";
import { createUwsgiServer } from "../../src/uwsgi/server.js";
import { peerView } from "../cgi/peer-env.js";
import { engines } from "../engine/engines.js";
import {
  fastCgiFrontEnds,
  scgiAnswers,
  scgiConnections,
  uwsgiAnswers,
  uwsgiConnections,
} from "./captures.js";
import { ANSWER, type Answer, answerOf, attempt, type Served, serve } from "./drive.js";
import { latin1, plainNetstring } from "./plain.js";
import { everyFile, row } from "./table.js";

/** One of each front end is enough for a server that refuses its first bytes. */
const fastCgiGets = fastCgiFrontEnds.filter((file) => file.includes("--get--"));

interface Head {
  variables: Variables;
  rest: Uint8Array;
}

/** Pushes chunks until the head is there: what the decoder makes of it, and all that follows. */
function headOf<Any extends Head>(
  decoder: { push(bytes: Uint8Array): Any | undefined; end(): void },
  chunks: readonly Uint8Array[],
) {
  let head: Any | undefined;
  let body = "";
  const problem = attempt(() => {
    for (const chunk of chunks) {
      if (head !== undefined) body += latin1(chunk);
      else {
        head = decoder.push(chunk);
        body += head === undefined ? "" : latin1(head.rest);
      }
    }
    if (head === undefined) decoder.end();
  });
  if (head === undefined) return { head, variables: [], body, problem };
  const { variables, rest: _, ...others } = head;
  return { head: others, variables: [...variables], body, problem };
}

/** What uWSGI understood of the request is in its answer, where there is one. */
function expectUnderstood(outcome: { variables: Variables; body: string }, file: string): void {
  const { variables, body } = outcome;
  const name = file.replace(/^wire\/(.*)--001.c2s.bin$/, "$1");
  if (name === "nginx-uwsgi--modifier") {
    expect(variables.get("REQUEST_URI")).toBe("/tuwmod/x");
    return;
  }
  const { env, bodyLength } = peerView(name);
  expect(new Map([...variables].map(([each]) => [each, variables.get(each)])), file).toEqual(env);
  expect(body, file).toHaveLength(bodyLength);
}

function expectServed({ requests, sent, closed, problem, ignored }: Served, file: string): void {
  const [{ variables = [], body = "", bodyEnded = false } = {}, ...others] = requests;
  expectUnderstood({ variables: new Variables(variables), body }, file);
  expect({ others, bodyEnded, sent, closed, problem, ignored }, file).toEqual({
    others: [],
    bodyEnded: true,
    sent: latin1(ANSWER),
    closed: "finished",
    problem: undefined,
    ignored: 0,
  });
}

const expectWhole = (answer: Answer, file: string, bytes: Uint8Array) =>
  expect(answer, file).toEqual({
    stdout: latin1(bytes),
    stderr: "",
    end: { appStatus: 0, protocolStatus: 0 },
    problem: undefined,
  });

const expectWrongProtocol =
  (said: string) =>
  ({ requests, problem }: Pick<Served, "requests" | "problem">, file: string) => {
    expect(requests, file).toEqual([]);
    expect(problem, file).toMatchObject({ code: "wrong_protocol", offset: 0 });
    expect(problem?.message, file).toContain(said);
  };

const scgiRows = [
  row({
    decoder: "ScgiRequestDecoder",
    files: scgiConnections,
    decode: (chunks, engine) => headOf(new ScgiRequestDecoder({}, engine), chunks),
    facts({ head, variables, body, problem }, file) {
      expect(problem, file).toBeUndefined();
      expect(head, file).toEqual({ contentLength: body.length });
      expectUnderstood({ variables: new Variables(variables), body }, file);
    },
  }),
  row({
    decoder: "ScgiRequestDecoder, strict,",
    files: scgiConnections,
    decode: (chunks, engine) => headOf(new ScgiRequestDecoder({ strict: true }, engine), chunks),
    facts({ variables, body, problem }, file, bytes) {
      const names = plainNetstring(bytes)
        .split("\0")
        .filter((_, index) => index % 2 === 0);
      const isTwice = new Set(names).size < names.length;
      expect(problem?.code, file).toBe(isTwice ? "malformed" : undefined);
      if (!isTwice) expectUnderstood({ variables: new Variables(variables), body }, file);
    },
  }),
  row({
    decoder: "NetstringDecoder, after whose netstring there may be a body,",
    files: scgiConnections,
    decode(chunks, engine) {
      const decoder = new NetstringDecoder({}, engine);
      const contents: string[] = [];
      const problem = attempt(() => {
        for (const chunk of chunks) {
          decoder.push(chunk, (content) => contents.push(latin1(content)));
        }
        decoder.end();
      });
      return { contents, problem };
    },
    facts({ contents, problem }, file, bytes) {
      const content = plainNetstring(bytes);
      expect(contents, file).toEqual([content]);
      const end = `${content.length}:${content},`.length;
      expect([problem?.code, problem?.offset], file).toEqual(
        end < bytes.length ? ["malformed", end] : [undefined, undefined],
      );
    },
  }),
  row({
    decoder: "SCGI's server",
    files: scgiConnections,
    decode: (chunks, engine) => serve((handlers) => createScgiServer(handlers, { engine }), chunks),
    facts: expectServed,
  }),
  row({
    decoder: "SCGI's server, which does not speak FastCGI,",
    files: fastCgiGets,
    decode: (chunks, engine) => serve((handlers) => createScgiServer(handlers, { engine }), chunks),
    facts: expectWrongProtocol("FastCGI"),
  }),
  row({
    decoder: "SCGI's server, which does not speak uwsgi,",
    files: uwsgiConnections.filter((file) => !file.includes("modifier")),
    decode: (chunks, engine) => serve((handlers) => createScgiServer(handlers, { engine }), chunks),
    facts: expectWrongProtocol("uwsgi"),
  }),
  row({
    decoder: "SCGI's client",
    files: scgiAnswers,
    decode: (chunks, engine) =>
      answerOf(
        (handlers) => createScgiClient({ variables: [], contentLength: 0 }, handlers, { engine }),
        chunks,
        engine,
      ),
    facts: expectWhole,
  }),
];

const uwsgiRows = [
  row({
    decoder: "UwsgiPacketDecoder",
    files: uwsgiConnections,
    decode: (chunks, engine) => headOf(new UwsgiPacketDecoder({}, engine), chunks),
    facts({ head, variables, body, problem }, file) {
      expect(problem, file).toBeUndefined();
      const modifier1 = file.includes("modifier") ? 9 : 0;
      expect(head, file).toEqual({ modifier1, modifier2: 0, content: new Uint8Array(0) });
      expectUnderstood({ variables: new Variables(variables), body }, file);
    },
  }),
  row({
    decoder: "uwsgi's server",
    files: uwsgiConnections,
    decode: (chunks, engine) =>
      serve((handlers) => createUwsgiServer(handlers, { engine }), chunks),
    facts: expectServed,
  }),
  row({
    decoder: "uwsgi's server, which does not speak FastCGI,",
    files: fastCgiGets,
    decode: (chunks, engine) =>
      serve((handlers) => createUwsgiServer(handlers, { engine }), chunks),
    facts({ requests, problem }, file) {
      // BEGIN_REQUEST's first four bytes are a packet of one byte, and no variable is that short.
      expect(requests, file).toEqual([]);
      expect(problem, file).toMatchObject({ code: "malformed", offset: 4 });
    },
  }),
  row({
    decoder: "uwsgi's server, which does not speak SCGI,",
    files: scgiConnections,
    decode: (chunks, engine) =>
      serve((handlers) => createUwsgiServer(handlers, { engine }), chunks),
    facts({ requests, problem }, file, bytes) {
      // The digits of a netstring's length are a packet of 13,000 bytes or so, and no request.
      const [, low = 0, high = 0] = bytes;
      const isWhole = bytes.length >= 4 + low + 256 * high;
      expect(requests, file).toEqual([]);
      expect(problem?.code, file).toBe(isWhole ? "malformed" : "truncated");
    },
  }),
  row({
    decoder: "uwsgi's client",
    files: uwsgiAnswers,
    decode: (chunks, engine) =>
      answerOf((handlers) => createUwsgiClient({}, handlers, engine), chunks, engine),
    facts: expectWhole,
  }),
  row({
    decoder: "UwsgiPingClient, to whom this is no pong,",
    files: [...uwsgiAnswers, ...scgiAnswers],
    decode: (chunks, engine) =>
      answerOf((handlers) => new UwsgiPingClient(handlers, engine), chunks, engine),
    facts({ problem }, file) {
      expect(problem, file).toMatchObject({ code: "wrong_protocol", offset: 0 });
      const says = file.includes("-uwsgi--") ? "the peer speaks HTTP" : "not a uwsgi pong";
      expect(problem?.message, file).toContain(says);
    },
  }),
];

describe.each(engines)("SCGI and uwsgi however they are cut, on the %s engine", (_, engine) => {
  everyFile([...scgiRows, ...uwsgiRows], engine);
});
