import { describe, expect, it } from "vitest";
import {
  DemultiplexResult,
  DemultiplexState,
  EngineError,
  MEMORY_SIZE,
  WINDOW,
  WINDOW_SIZE,
} from "../../src/engine/memory.js";
import { cuts } from "../cuts.js";
import { hex, join, latin1, RecordType, record } from "./bytes.js";
import { demultiplex } from "./drive.js";
import { engines } from "./engines.js";

const { Stdout, Stderr, EndRequest } = RecordType;
const end = (body = "00000000 00 000000") => record(EndRequest, 1, hex(body), 0);

describe.each(engines)("demultiplex, %s", (_, engine) => {
  it("joins the contents of stdout records", () => {
    const bytes = join(record(Stdout, 1, latin1("Hello, ")), record(Stdout, 1, latin1("world")));
    expect(demultiplex(engine, [bytes])).toMatchObject({ stdout: "Hello, world", records: 2 });
  });

  it("leaves a single stdout range where it lies", () => {
    engine.memory.set(record(Stdout, 1, latin1("Hello"), 3), WINDOW);
    engine.state.fill(0);
    engine.state[DemultiplexState.RequestId] = 1;
    engine.demultiplex(WINDOW, 16);
    expect(engine.results[DemultiplexResult.StdoutStart]).toBe(WINDOW + 8);
    expect(engine.results[DemultiplexResult.StdoutLength]).toBe(5);
  });

  it.each([0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 511, 512, 513, 5_000])(
    "moves contents of %i bytes without touching what follows",
    (length) => {
      const content = (seed: number) =>
        Uint8Array.from({ length }, (_, index) => (index * seed) & 0xff);
      const contents = [3, 5, 7, 11].map(content);
      const bytes = join(...contents.map((each) => record(Stdout, 1, each, 0)), end());
      const response = demultiplex(engine, [bytes]);
      expect(latin1(response.stdout)).toEqual(join(...contents));
      expect(response).toMatchObject({ records: 5, consumed: bytes.length });
    },
  );

  it("keeps stderr apart, wherever it arrives (S0.25)", () => {
    const bytes = join(
      record(Stderr, 1, latin1("PHP message: one; ")),
      record(Stdout, 1, latin1("body")),
      record(Stderr, 1, latin1("two")),
      record(Stdout, 1, latin1(" goes on")),
      end(),
    );
    expect(demultiplex(engine, [bytes])).toMatchObject({
      stdout: "body goes on",
      stderr: "PHP message: one; two",
      records: 5,
    });
  });

  it("reads END_REQUEST's fields, appStatus unsigned (S0.26)", () => {
    expect(demultiplex(engine, [end("ffffff85 02 abcdef")]).end).toEqual({
      appStatus: 0xffffff85,
      protocolStatus: 2,
    });
  });

  it("consumes END_REQUEST's padding, and nothing after it", () => {
    const bytes = join(record(EndRequest, 1, new Uint8Array(8), 5), record(Stdout, 1, latin1("x")));
    const response = demultiplex(engine, [bytes, latin1("more")]);
    expect(response).toMatchObject({ stdout: "", records: 1, consumed: 21 });
    expect(response.end).toEqual({ appStatus: 0, protocolStatus: 0 });
  });

  it("has not ended while END_REQUEST's padding is missing", () => {
    const bytes = record(EndRequest, 1, new Uint8Array(8), 5);
    expect(demultiplex(engine, [bytes.subarray(0, 20)]).end).toBeUndefined();
  });

  it("counts and skips records of other requests and of none (S0.30)", () => {
    const bytes = join(
      record(Stdout, 9, latin1("not ours")),
      record(RecordType.GetValuesResult, 0, hex("0f01 46 43 47 49")),
      record(EndRequest, 2, new Uint8Array(8)),
      record(EndRequest, 2, new Uint8Array(3)),
      record(Stdout, 1, latin1("ours")),
    );
    expect(demultiplex(engine, [bytes])).toMatchObject({
      stdout: "ours",
      otherRequests: 4,
      otherTypes: 0,
      records: 5,
      end: undefined,
    });
  });

  it("counts and skips types that a response does not have (S0.30)", () => {
    const types = [RecordType.UnknownType, 0, 12, 255, RecordType.BeginRequest, RecordType.Stdin];
    const bytes = join(
      ...types.map((type) => record(type, 1, latin1("skip"))),
      record(Stdout, 1, latin1("x")),
    );
    expect(demultiplex(engine, [bytes])).toMatchObject({
      stdout: "x",
      otherRequests: 0,
      otherTypes: 6,
      records: 7,
    });
  });

  it.each([1, 255, 256, 0x0102, 0xffff])(
    "keeps request %i apart from its neighbours",
    (requestId) => {
      const bytes = join(
        record(Stdout, requestId, latin1("mine")),
        record(Stdout, requestId - 1, latin1("no")),
        record(Stdout, (requestId * 256) & 0xffff, latin1(requestId === 0x0102 ? "no" : "")),
        record(Stdout, requestId, latin1(", too")),
      );
      expect(demultiplex(engine, [bytes], requestId).stdout).toBe("mine, too");
    },
  );

  it.each([0, 1, 7, 254, 255])("skips %i bytes of padding", (paddingLength) => {
    const one = record(Stdout, 1, latin1("12345"), paddingLength);
    expect(demultiplex(engine, [join(one, one, end())])).toMatchObject({
      stdout: "1234512345",
      records: 3,
    });
  });

  it("takes a record of 65,535 bytes and 255 of padding through the window", () => {
    const content = Uint8Array.from({ length: 65_535 }, (_, index) => index & 0xff);
    const bytes = join(record(Stdout, 1, content, 255), end());
    const chunks = [bytes.subarray(0, 60_000), bytes.subarray(60_000)];
    const response = demultiplex(engine, chunks);
    expect(latin1(response.stdout)).toEqual(content);
    expect(response.records).toBe(2);
  });

  it("holds a window full of stderr", () => {
    const content = new Uint8Array(WINDOW_SIZE).fill(0x65);
    const bytes = record(Stderr, 1, content.subarray(0, 65_535), 0);
    engine.state.fill(0);
    engine.state[DemultiplexState.RequestId] = 1;
    engine.memory.set(bytes.subarray(0, 8), WINDOW);
    engine.demultiplex(WINDOW, 8);
    engine.memory.set(bytes.subarray(8), WINDOW);
    expect(engine.demultiplex(WINDOW, 65_535)).toBe(1);
    expect(engine.results[DemultiplexResult.StderrLength]).toBe(65_535);
    expect(engine.memory.subarray(MEMORY_SIZE - 131_072, MEMORY_SIZE - 65_537)).toEqual(
      content.subarray(0, 65_535),
    );
  });

  it.each([0, 2, 72])("refuses version %i, and says where (S0.30)", (version) => {
    const bytes = join(record(Stdout, 1, latin1("fine")), record(Stdout, 1, hex(""), 0, version));
    for (const [how, chunks] of cuts(bytes)) {
      expect(demultiplex(engine, chunks).failure, how).toEqual({
        error: EngineError.Version,
        offset: 16,
      });
    }
  });

  it("checks the version even of records of other requests", () => {
    expect(demultiplex(engine, [record(Stdout, 7, hex(""), 0, 3)]).failure).toEqual({
      error: EngineError.Version,
      offset: 0,
    });
  });

  it("waits for a complete header before it checks the version", () => {
    expect(demultiplex(engine, [latin1("HTTP/1.")])).toMatchObject({
      failure: undefined,
      consumed: 7,
    });
    expect(demultiplex(engine, [latin1("HTTP/1.1")]).failure?.error).toBe(EngineError.Version);
  });

  it("keeps the results of the records before an error", () => {
    const response = demultiplex(engine, [
      join(
        record(Stdout, 1, latin1("half")),
        record(Stderr, 1, latin1("oops")),
        latin1("HTTP/1.1 "),
      ),
    ]);
    expect(response).toMatchObject({ stdout: "half", stderr: "oops" });
    expect(response.failure).toEqual({ error: EngineError.Version, offset: 32 });
  });

  it.each([0, 7, 9, 65_535])("refuses an END_REQUEST of %i bytes", (length) => {
    const bytes = join(
      record(Stdout, 1, latin1("x")),
      record(EndRequest, 1, new Uint8Array(length)),
    );
    for (const [how, chunks] of cuts(bytes.subarray(0, 24))) {
      expect(demultiplex(engine, chunks).failure, how).toEqual({
        error: EngineError.BodyLength,
        offset: 16,
      });
    }
  });

  it("keeps nothing of a finished record in the state", () => {
    const { state } = demultiplex(engine, [record(Stdout, 1, latin1("done"))]);
    expect(state).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("returns the same however the bytes are cut (S0.22)", () => {
    const bytes = join(
      record(Stdout, 1, latin1("Status: 200 OK\r\n\r\n")),
      record(Stderr, 1, latin1("warning"), 9),
      record(Stdout, 1, hex(""), 3),
      record(RecordType.UnknownType, 0, new Uint8Array(8)),
      record(Stdout, 300, latin1("other")),
      record(Stdout, 1, latin1("the body"), 0),
      record(Stdout, 1, latin1("and the rest of it"), 200),
      end("0000002a 03 000000"),
      latin1("not read"),
    );
    const expected = demultiplex(engine, [bytes]);
    expect(expected).toMatchObject({
      stdout: "Status: 200 OK\r\n\r\nthe bodyand the rest of it",
      stderr: "warning",
      records: 8,
      otherRequests: 2,
      end: { appStatus: 42, protocolStatus: 3 },
    });
    for (const [how, chunks] of cuts(bytes)) {
      expect(demultiplex(engine, chunks), how).toEqual(expected);
    }
  });
});
