import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { PairDecoder } from "../../src/fastcgi/pair-decoder.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { FastCgiRecordDecoder } from "../../src/fastcgi/records.js";
import { ping, status } from "../../src/phpfpm/status.js";
import { answering, type FakeServer, startFakeServer } from "../harness/fake-server.js";
import { pageOf, writePage } from "../status-page/page-writer.js";

/** RFC 3875 §4.1: the variables that every request without a body and authentication MUST have. */
const demanded = [
  "GATEWAY_INTERFACE",
  "QUERY_STRING",
  "REMOTE_ADDR",
  "REQUEST_METHOD",
  "SCRIPT_NAME",
  "SERVER_NAME",
  "SERVER_PORT",
  "SERVER_PROTOCOL",
  "SERVER_SOFTWARE",
];

describe("S0.3 the request for a page, on the wire", () => {
  let server: FakeServer;
  beforeAll(async () => {
    const head = new TextEncoder().encode("Content-Type: text/plain\r\n\r\n");
    const answer = [
      encodeRecord(RecordType.Stdout, 1, head),
      encodeRecord(RecordType.Stdout, 1, writePage("text", pageOf([{}]))),
      encodeEndRequest(1, 0, 0),
    ];
    server = await startFakeServer(answering(Buffer.concat(answer)));
  });
  afterAll(() => server.stop());

  /** The variables of the newest connection. */
  function received(): Map<string, string> {
    const bytes = server.peers.at(-1)?.received() ?? new Uint8Array();
    const decoder = new PairDecoder();
    for (const { type, content } of new FastCgiRecordDecoder().push(bytes)) {
      if (type === RecordType.Params) decoder.push(content);
    }
    return new Map(decoder.pairs.map(([name, value]) => [`${name}`, `${value}`]));
  }

  it("has the variables that RFC 3875 requires, and SCRIPT_FILENAME for php-fpm", async () => {
    await status(`${server.address}:/status`, { full: true });
    expect(Object.fromEntries(received())).toEqual({
      SCRIPT_NAME: "/status",
      SCRIPT_FILENAME: "/status",
      QUERY_STRING: "full",
      REQUEST_METHOD: "GET",
      GATEWAY_INTERFACE: "CGI/1.1",
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_SOFTWARE: "fcgi-probe",
      SERVER_NAME: "localhost",
      SERVER_PORT: "80",
      REMOTE_ADDR: "127.0.0.1",
    });
  });

  it("has them for a ping, too, with values that RFC 3875's grammar allows", async () => {
    // The server answers a page, which is not a ping reply.
    await expect(ping(`${server.address}:/ping`)).rejects.toMatchObject({
      code: "not_a_ping_reply",
    });
    const variables = received();
    expect([...variables.keys()]).toEqual(expect.arrayContaining(demanded));
    expect(variables.get("SCRIPT_NAME")).toBe("/ping");
    expect(variables.get("SERVER_PROTOCOL")).toMatch(/^HTTP\/\d\.\d$/);
    expect(variables.get("SERVER_PORT")).toMatch(/^\d+$/);
  });
});
