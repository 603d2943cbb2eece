import { describe, expect, it } from "vitest";
import { installLazyFetch } from "../../../src/server/lazy-fetch/install.js";
import { bytesOf } from "../../../src/server/lazy-fetch/response.js";
import { encode } from "./values.js";

const Own = globalThis.Response;
installLazyFetch();

describe("a lazy Response's bytes", () => {
  it("are available without a stream", () => {
    expect(bytesOf(new Response("é"))).toEqual(Buffer.from("é"));
    expect(bytesOf(new Response(encode("ab")))).toEqual(encode("ab"));
    expect(bytesOf(new Response(Buffer.from("ab")))).toEqual(encode("ab"));
    expect(bytesOf(Response.json({ a: 1 }))).toEqual(Buffer.from('{"a":1}'));
  });

  it("are none without a body", () => {
    expect(bytesOf(new Response())).toBeUndefined();
    expect(bytesOf(new Response(null, { status: 204 }))).toBeUndefined();
  });

  it("are not known for the runtime's own, streams and subclasses", () => {
    expect(bytesOf(new Own("é"))).toBeUndefined();
    expect(bytesOf(new Response(new Blob(["ab"])))).toBeUndefined();
    expect(bytesOf(new (class extends Response {})("a"))).toBeUndefined();
  });

  it("are a copy", () => {
    const given = Buffer.from("ab");
    const response = new Response(given);
    given.fill(0);
    expect(bytesOf(response)).toEqual(encode("ab"));
  });

  it("are the stream's once there is one", async () => {
    const read = new Response("a");
    await read.text();
    expect(bytesOf(read)).toBeUndefined();
    const streamed = new Response("a");
    expect(streamed.body?.locked).toBe(false);
    expect(bytesOf(streamed)).toBeUndefined();
  });
});
