import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  encodeCaptureStart,
  encodeFrame,
  TapCaptureReader,
} from "../../src/capture/tap-capture.js";
import { cuts } from "../cuts.js";

const text = (value: string) => Buffer.from(value);
const capture = Buffer.concat([
  encodeCaptureStart("scgi"),
  encodeFrame(1, "client", text("one")),
  encodeFrame(70_000, "backend", text("")),
  encodeFrame(1, "closed", text("")),
]);
const events = [
  { kind: "bytes", connection: 1, side: "client", bytes: new Uint8Array(text("one")) },
  { kind: "bytes", connection: 70_000, side: "backend", bytes: new Uint8Array() },
  { kind: "closed", connection: 1 },
];

describe("a capture", () => {
  it.each([...cuts(capture)])("is read as it was written: %s", (_, chunks) => {
    const reader = new TapCaptureReader();
    const read = chunks.flatMap((chunk) => [...reader.push(chunk)]);
    reader.end();
    expect(reader.protocol).toBe("scgi");
    expect(read).toEqual(events);
  });

  it("that ends inside a frame is truncated, with the frame's offset", () => {
    const reader = new TapCaptureReader();
    for (const _ of reader.push(capture.subarray(0, 20))) expect.fail("a frame");
    expect(() => reader.end()).toThrow("the capture ends inside the frame at byte 6");
  });

  it("with an unknown frame, or of another kind of file, is refused", () => {
    const bad = Buffer.from(capture);
    bad[6] = 9;
    expect(() => [...new TapCaptureReader().push(bad)]).toThrow("what is at byte 6 is not a frame");
    const other = readFileSync(
      new URL("../fixtures/wire/apache-fpm--get--001.c2s.bin", import.meta.url),
    );
    expect(() => [...new TapCaptureReader().push(other)]).toThrow("is not the start of a capture");
  });
});
