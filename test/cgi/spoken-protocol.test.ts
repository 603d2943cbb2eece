import { describe, expect, it } from "vitest";
import {
  beginsLikeHttp,
  clientProtocol,
  otherClientError,
  otherServerError,
} from "../../src/cgi/spoken-protocol.js";

describe("a client", () => {
  it.each([
    ["\x01\x01\0\x01\0\x08\0\0", "FastCGI"],
    ["70:CONTE", "SCGI"],
    ["\0\x5e\x01\0\x0e\0RE", "uwsgi"],
    ["\x16\x03\x01\x02", "TLS"],
    ["GET / HT", "HTTP"],
    ["PROPFIND", "HTTP"],
  ])("that begins with %j speaks %s, however few bytes are known", (first, protocol) => {
    for (let length = 1; length <= first.length; length++) {
      expect(clientProtocol(first.slice(0, length)), `${length}`).toBe(protocol);
    }
  });

  it.each(["", "1234567:", "\0\x5e\x01\x01", "\x16\x02", "get / HT", "Get / HT", "\xff"])(
    "that begins with %j speaks nothing that is known",
    (first) => expect(clientProtocol(first)).toBeUndefined(),
  );

  it("is an error to a server of another protocol alone", () => {
    expect(otherClientError("70:CONTE", "SCGI")).toBeUndefined();
    expect(otherClientError("\xff", "SCGI")).toBeUndefined();
    expect(otherClientError("70:CONTE", "FastCGI")).toMatchObject({
      code: "wrong_protocol",
      offset: 0,
      message: "the client speaks SCGI, not FastCGI",
      hint: "give the front end and this server the same protocol",
    });
  });
});

describe("a backend", () => {
  it.each([
    ["HTTP/1.1", "HTTP"],
    ["<html><b", "HTML or XML"],
    ["SSH-2.0-", "SSH"],
    ["\x15\x03\x01\0", "TLS"],
    ["220 mail", "SMTP or FTP"],
    ["-ERR unk", "Redis or POP3"],
    ["Status: ", "SCGI"],
    ["Content-", "SCGI"],
  ])("that begins with %j is an error to a client of FastCGI", (first, protocol) => {
    expect(otherServerError(first, "FastCGI")).toMatchObject({
      code: "wrong_protocol",
      message: `the peer speaks ${protocol}, not FastCGI`,
    });
  });

  it("may begin with a head where SCGI and uwsgi are spoken, and not with a record", () => {
    expect(otherServerError("Status: ", "uwsgi")).toBeUndefined();
    expect(otherServerError("\x01\x0b\0\0", "FastCGI")).toBeUndefined();
    expect(otherServerError("\x01\x0b\0\0", "uwsgi")?.message).toContain("FastCGI, not uwsgi");
  });
});

describe("four bytes of a uwsgi header", () => {
  it("are HTTP's where they spell a method or its name", () => {
    expect(["GET ", "OPTI", "HTTP"].every(beginsLikeHttp)).toBe(true);
    expect(["GETS", "http", "\0\x5e\x01\0"].some(beginsLikeHttp)).toBe(false);
  });
});
