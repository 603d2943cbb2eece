import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CaptureReader, encodeCaptureStart, encodeFrame } from "../../src/tap/capture.js";
import { cuts } from "../cuts.js";

const text = (value: string) => Buffer.from(value);
const capture = Buffer.concat([
  encodeCaptureStart("scgi"),
  encodeFrame(1, "client", text("one")),
  encodeFrame(70_000, "backend", text("")),
  encodeFrame(1, "closed", text("")),
]);
const frames = [
  [1, "client", "one"],
  [70_000, "backend", ""],
  [1, "closed", ""],
];

describe("a capture", () => {
  it.each([...cuts(capture)])("is read as it was written: %s", (_, chunks) => {
    const reader = new CaptureReader();
    const read = chunks.flatMap((chunk) => [...reader.push(chunk)]);
    reader.end();
    expect(reader.protocol).toBe("scgi");
    expect(
      read.map(({ connection, kind, content }) => [connection, kind, `${Buffer.from(content)}`]),
    ).toEqual(frames);
  });

  it("that ends inside a frame is truncated, with the frame's offset", () => {
    const reader = new CaptureReader();
    for (const _ of reader.push(capture.subarray(0, 20))) expect.fail("a frame");
    expect(() => reader.end()).toThrow("the capture ends inside the frame at byte 6");
  });

  it("with an unknown frame, or of another kind of file, is refused", () => {
    const bad = Buffer.from(capture);
    bad[6] = 9;
    expect(() => [...new CaptureReader().push(bad)]).toThrow("what is at byte 6 is not a frame");
    const other = readFileSync(
      new URL("../fixtures/wire/apache-fpm--get--001.c2s.bin", import.meta.url),
    );
    expect(() => [...new CaptureReader().push(other)]).toThrow("is not the start of a capture");
  });
});
