import { describe, expect, it } from "vitest";
import { Protocol } from "../../src/address.js";
import { AnswerHead } from "../../src/client/answer-head.js";
import { defaultLimits } from "../../src/limits.js";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The error that a backend's first bytes cause, or its end after them. */
function errorOf(protocol: Protocol, text: string): unknown {
  const head = new AnswerHead(protocol, defaultLimits);
  try {
    return head.push(bytes(text)) ?? head.closed();
  } catch (error) {
    return error;
  }
}

describe("the head of an answer", () => {
  it.each(Object.values(Protocol))("is read in pieces: %s", (protocol) => {
    const head = new AnswerHead(protocol, defaultLimits);
    expect(head.push(bytes("Status: 404 Not"))).toBeUndefined();
    expect(head.push(bytes(" Found\r\n\r\nbody"))).toMatchObject({ status: 404 });
  });
});

describe("an answer without framing", () => {
  const refusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";

  it.each([
    [Protocol.Scgi, "\x01\x06\0\x01\0\x05\0\0hello", "the peer speaks FastCGI, not SCGI"],
    [Protocol.Scgi, "<html>\n", "the peer speaks HTML or XML, not SCGI"],
    [Protocol.Uwsgi, "SSH-2.0-OpenSSH_9.2\r\n", "the peer speaks SSH, not uwsgi"],
    [Protocol.Uwsgi, refusal, "the peer speaks HTTP, not uwsgi"],
  ])("of %s that begins with %j shows another protocol", (protocol, text, message) => {
    expect(errorOf(protocol, text)).toMatchObject({ code: "wrong_protocol", message });
  });

  it("may begin with a status line, and be a refusal of the application's", () => {
    const answer = refusal.replace("Connection: close", "A: b");
    expect(errorOf(Protocol.Uwsgi, answer)).toMatchObject({ status: 400 });
  });

  it("that ends in its head is truncated", () => {
    expect(errorOf(Protocol.Scgi, "Status: 200 OK\r\nA: ")).toMatchObject({ code: "truncated" });
  });
});

describe("an answer with framing", () => {
  it.each([Protocol.FastCgi, Protocol.Cgi])("of %s is not another protocol's", (protocol) => {
    expect(errorOf(protocol, "<html>\n")).toMatchObject({ code: "malformed" });
    const text = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    expect(errorOf(protocol, text)).toMatchObject({ status: 400 });
  });
});
