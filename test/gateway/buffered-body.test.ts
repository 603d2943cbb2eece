import { describe, expect, it } from "vitest";
import { bufferedBody } from "../../src/gateway/buffered-body.js";

const encode = (text: string) => new TextEncoder().encode(text);
const bodyOf = (response: Response) => new Uint8Array(bufferedBody(response) ?? []);

describe("the bytes of a response", () => {
  it("are known of a text and of bytes", () => {
    expect(bodyOf(new Response("é"))).toEqual(encode("é"));
    expect(bodyOf(new Response(encode("ab")))).toEqual(encode("ab"));
    expect(bodyOf(Response.json({ a: 1 }))).toEqual(encode('{"a":1}'));
  });

  it("are those of a view, and not of all that lies under it", () => {
    const bytes = encode("abcdef").subarray(2, 4);
    expect(bodyOf(new Response(bytes))).toEqual(encode("cd"));
  });

  it("are known of a clone", () => {
    expect(bodyOf(new Response("ab").clone())).toEqual(encode("ab"));
  });

  it("are not known of a stream, a form, a blob, and what is no Response of the runtime's", () => {
    const stream = new ReadableStream({ start: (controller) => controller.close() });
    expect(bufferedBody(new Response(stream))).toBeUndefined();
    expect(bufferedBody(new Response(new FormData()))).toBeUndefined();
    expect(bufferedBody(new Response(new Blob(["ab"])))).toBeUndefined();
    expect(bufferedBody({ status: 200 } as Response)).toBeUndefined();
    expect(bufferedBody(new Response(null))).toBeUndefined();
  });
});
