import { describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/errors.js";
import { RequestBody } from "../../src/server/request-body.js";

/** A body with room for 4 bytes, and how often it had room again. */
function make(expected: number | undefined) {
  const body = new RequestBody(expected, 4);
  const seen = { body, rooms: 0 };
  body.onRoom = () => {
    seen.rooms += 1;
  };
  return seen;
}

describe("a body that is full", () => {
  it("holds up no request once it is complete", async () => {
    const seen = make(6);
    seen.body.push(new Uint8Array(6));
    expect(seen.body.full).toBe(true);
    seen.body.end();
    expect([seen.body.full, seen.rooms]).toEqual([false, 1]);
    expect((await seen.body.collect()).length).toBe(6);
  });

  it("holds up no request once it has failed", async () => {
    const seen = make(undefined);
    seen.body.push(new Uint8Array(6));
    seen.body.fail(new GatewayError(ErrorCode.Aborted, "gone"));
    expect([seen.body.full, seen.rooms]).toEqual([false, 1]);
    seen.body.push(new Uint8Array(6));
    await expect(seen.body.collect()).rejects.toThrow("gone");
  });

  it("has room again when it is read", async () => {
    const seen = make(undefined);
    seen.body.push(new Uint8Array(6));
    await seen.body.stream.getReader().read();
    expect([seen.body.full, seen.rooms]).toEqual([false, 1]);
  });
});

describe("a chunk", () => {
  async function chunkOf(bytes: Uint8Array): Promise<Uint8Array> {
    const { body } = make(undefined);
    body.push(bytes);
    return (await body.stream.getReader().read()).value as Uint8Array;
  }

  it("comes in the buffer that it fills most of", async () => {
    const source = Buffer.from(new ArrayBuffer(9));
    const chunk = await chunkOf(source.subarray(4));
    expect([chunk.constructor, chunk.length]).toEqual([Uint8Array, 5]);
    expect(chunk.buffer).toBe(source.buffer);
  });

  it("is a copy, so that two of them never share a buffer", async () => {
    const source = Buffer.from(new ArrayBuffer(8)).fill(7);
    const chunks = [await chunkOf(source.subarray(0, 4)), await chunkOf(source.subarray(4))];
    source.fill(0);
    for (const chunk of chunks) {
      expect(chunk).toEqual(new Uint8Array(4).fill(7));
      expect(chunk.buffer).not.toBe(source.buffer);
    }
  });
});
