import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { RequestEnd } from "../../src/cgi/client-machine.js";
import type { Engine } from "../../src/engine/engine.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { ResponseDecoder } from "../../src/fastcgi/response-decoder.js";
import { engines } from "../engine/engines.js";

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/fpm-status/${name}`, import.meta.url));
const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const stdout = (text: string, id = 1) => encodeRecord(RecordType.Stdout, id, bytes(text));
const stderr = (text: string, id = 1) => encodeRecord(RecordType.Stderr, id, bytes(text));
const complete = encodeEndRequest(1, 0, 0);

interface Answer {
  stdout: string;
  stderr: string;
  end: RequestEnd | undefined;
  error: unknown;
  consumed: number;
  decoder: ResponseDecoder;
}

function decode(engine: Engine, pieces: Iterable<Uint8Array>, requestId = 1): Answer {
  const answer = { stdout: "", stderr: "", end: undefined, error: undefined, consumed: 0 } as {
    -readonly [Key in keyof Answer]: Answer[Key];
  };
  answer.decoder = new ResponseDecoder(
    requestId,
    {
      stdout: (part) => (answer.stdout += Buffer.from(part).toString("latin1")),
      stderr: (part) => (answer.stderr += Buffer.from(part).toString("latin1")),
      end: (result) => (answer.end = result),
    },
    { engine },
  );
  try {
    for (const piece of pieces) answer.consumed += answer.decoder.push(piece);
    answer.error = answer.decoder.closed();
  } catch (error) {
    answer.error = error;
  }
  return answer;
}

function* pieces(whole: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

const summary = ({ stdout, stderr, end, error, consumed, decoder }: Answer) => ({
  stdout,
  stderr,
  end,
  error: (error as { code?: string } | undefined)?.code,
  offset: (error as { offset?: number } | undefined)?.offset,
  consumed,
  otherRequests: decoder.otherRequests,
  otherTypes: decoder.otherTypes,
});

describe.each(engines)("ResponseDecoder on the %s engine", (_name, engine) => {
  it("S0.23 joins every STDOUT record up to END_REQUEST", () => {
    const whole = fixture("big100-idle--text-full.fcgi.bin");
    const answer = decode(engine, [whole]);
    const body = answer.stdout.slice(answer.stdout.indexOf("\r\n\r\n") + 4);
    expect(body).toBe(fixture("big100-idle--text-full.body.txt").toString("latin1"));
    expect(answer.end).toEqual({ appStatus: 0, protocolStatus: 0 });
    expect(answer.error).toBeUndefined();
  });

  it.each(["static-idle--text.fcgi.bin", "big100-idle--text-full.fcgi.bin"])(
    "S0.22 gives the same for %s byte by byte, and in pieces of any size",
    (name) => {
      const whole = fixture(name);
      const expected = summary(decode(engine, [whole]));
      for (const size of [1, 7, 8, 9, 1000, 8184, 8192]) {
        expect(summary(decode(engine, pieces(whole, size)))).toEqual(expected);
      }
    },
  );

  it("S0.22 gives the same cut at every point", () => {
    const whole = join(
      stderr("first"),
      stdout("head"),
      stdout("other", 2),
      stdout(""),
      stderr("second"),
      encodeRecord(RecordType.UnknownType, 0, new Uint8Array(8)),
      stdout("tail"),
      complete,
    );
    const expected = summary(decode(engine, [whole]));
    expect(expected).toMatchObject({ stdout: "headtail", stderr: "firstsecond", error: undefined });
    for (let cut = 1; cut < whole.length; cut++) {
      const halves = [whole.subarray(0, cut), whole.subarray(cut)];
      expect(summary(decode(engine, halves)), `cut at ${cut}`).toEqual(expected);
    }
  });

  it("S0.25 keeps stderr apart, wherever it comes", () => {
    const answer = decode(engine, [join(stderr("oops"), stdout("page"), stderr("!"), complete)]);
    expect(answer).toMatchObject({ stdout: "page", stderr: "oops!", error: undefined });
  });

  it("S0.26 reports appStatus, all 32 bits of it", () => {
    const answer = decode(engine, [encodeEndRequest(1, 0xffff_fffe, 0)]);
    expect(answer.end).toEqual({ appStatus: 0xffff_fffe, protocolStatus: 0 });
  });

  it.each([
    [1, "cannot_multiplex"],
    [2, "overloaded"],
    [3, "unknown_role"],
    [9, "malformed"],
  ])("S0.26 turns protocolStatus %i into %s", (status, code) => {
    const answer = decode(engine, [encodeEndRequest(1, 0, status as 0)]);
    expect(answer.error).toMatchObject({ code });
    expect(answer.end).toBeUndefined();
  });

  it("S0.30 refuses a record of another version, with its offset", () => {
    const answer = decode(engine, [join(stdout("12345678"), hex("0906000100000000"))]);
    expect(answer.error).toMatchObject({ code: "malformed", offset: 16 });
  });

  it("S0.30 counts and skips records of other requests and types", () => {
    const answer = decode(engine, [
      join(
        stdout("not ours", 9),
        encodeRecord(RecordType.GetValuesResult, 0, new Uint8Array(0)),
        encodeRecord(RecordType.Params, 1, bytes("x")),
        encodeEndRequest(9, 0, 0),
        stdout("ours"),
        complete,
      ),
    ]);
    expect(answer).toMatchObject({ stdout: "ours", error: undefined });
    expect(answer.decoder).toMatchObject({ otherRequests: 3, otherTypes: 1 });
  });

  it("refuses an END_REQUEST that is not 8 bytes long", () => {
    const answer = decode(engine, [hex("0103000100040000 00000000")]);
    expect(answer.error).toMatchObject({ code: "malformed", offset: 0 });
  });

  it("takes any padding from 0 to 255, and garbage in it and in reserved bytes", () => {
    const padded = join(hex("0106000100 02 ff 7f"), bytes("ok"), new Uint8Array(255).fill(0xee));
    const end = hex("0103000100080000 00000000 00 5b7b22");
    expect(decode(engine, [join(padded, end)])).toMatchObject({
      stdout: "ok",
      end: { appStatus: 0, protocolStatus: 0 },
      error: undefined,
    });
  });

  it("leaves what follows END_REQUEST", () => {
    const answer = decode(engine, [join(stdout("x"), complete, stdout("next"))]);
    expect(answer).toMatchObject({ stdout: "x", consumed: 16 + 16 });
  });

  it("S0.22 says that an answer without END_REQUEST is truncated, at every cut", () => {
    const whole = join(stdout("page"), complete);
    for (let cut = 1; cut < whole.length; cut++) {
      const answer = decode(engine, [whole.subarray(0, cut)]);
      expect(answer.error, `cut at ${cut}`).toMatchObject({ code: "truncated", offset: cut });
    }
  });

  it("says that no byte at all is a connection closed without an answer", () => {
    expect(decode(engine, []).error).toMatchObject({ code: "closed_without_answer" });
  });

  it.each([
    ["HTTP", bytes("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["SSH", bytes("SSH-2.0-OpenSSH_9.2p1\r\n")],
    ["TLS", hex("15030300020246")],
    ["HTML", bytes("<html><body>")],
    ["SMTP", bytes("220 mail.example.org ESMTP\r\n")],
  ])("recognises a peer that speaks %s, however its words are cut", (protocol, greeting) => {
    for (const size of [1, 3, 8, 100]) {
      const { error } = decode(engine, pieces(greeting, size));
      expect(error).toMatchObject({ code: "wrong_protocol" });
      expect((error as Error).message).toContain(protocol);
    }
  });

  it("bounds the records of one answer", () => {
    const decoder = new ResponseDecoder(
      1,
      { stdout: () => {}, stderr: () => {}, end: () => {} },
      { engine, records: 10 },
    );
    const records = join(...Array.from({ length: 11 }, () => stdout("x")));
    expect(() => decoder.push(records)).toThrow(
      expect.objectContaining({ code: "limit_exceeded" }),
    );
  });
});
