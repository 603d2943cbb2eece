import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { PeekedBody } from "../../src/server/send-response.js";

const encode = (text: string) => new TextEncoder().encode(text);
const peek = (response: Response) =>
  new PeekedBody(response.body as ReadableStream<Uint8Array>).whole();

/** A stream of chunks, each after a wait. */
function stream(chunks: (string | Error)[], wait?: () => Promise<unknown>): Response {
  const left = [...chunks];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await wait?.();
      const chunk = left.shift();
      if (chunk === undefined) controller.close();
      else if (typeof chunk === "string") controller.enqueue(encode(chunk));
      else controller.error(chunk);
    },
  });
  return new Response(body);
}

async function readAll(body: PeekedBody): Promise<string> {
  let text = "";
  for (;;) {
    const { done, value } = await body.read();
    if (done) return text;
    text += new TextDecoder().decode(value);
  }
}

describe("the whole of a body", () => {
  it("is known for texts, bytes and a form", async () => {
    expect(await peek(new Response("é"))).toEqual(encode("é"));
    expect(await peek(new Response(""))).toEqual(encode(""));
    expect(await peek(new Response(encode("abcdef").subarray(2, 4)))).toEqual(encode("cd"));
    expect(await peek(Response.json({ a: 1 }))).toEqual(encode('{"a":1}'));
    expect(await peek(new Response(new URLSearchParams({ a: "b" })))).toEqual(encode("a=b"));
    expect(await peek(new Response("ab").clone())).toEqual(encode("ab"));
  });

  it("is known for a stream of at most one chunk that ends at once", async () => {
    expect(await peek(stream(["ab"]))).toEqual(encode("ab"));
    expect(await peek(stream([]))).toEqual(encode(""));
  });

  it.each([
    ["two chunks", stream(["ab", "cd"])],
    [
      "a chunk that is not bytes",
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue("ab");
            controller.close();
          },
        }),
      ),
    ],
    ["a first chunk that takes a turn", stream(["ab"], () => turn())],
    ["a stream that never begins", stream(["ab"], () => new Promise(() => {}))],
    ["an error at once", stream([new Error("none")])],
    ["an error after a chunk", stream(["ab", new Error("none")])],
  ])("is not known for %s", async (_, response) => {
    expect(await peek(response)).toBeUndefined();
  });
});

describe("a body that was looked at", () => {
  it.each([[[]], [["ab"]], [["ab", "cd"]], [["ab", "cd", "ef"]]])(
    "is read whole: %j",
    async (chunks) => {
      for (const wait of [undefined, () => turn()]) {
        const body = new PeekedBody(stream(chunks, wait).body as ReadableStream<Uint8Array>);
        await body.whole();
        expect(await readAll(body)).toBe(chunks.join(""));
      }
    },
  );

  it("gives its error to its next reader", async () => {
    const response = stream(["ab", new Error("broken off")]);
    const body = new PeekedBody(response.body as ReadableStream<Uint8Array>);
    await body.whole();
    await expect(readAll(body)).rejects.toThrow("broken off");
  });

  it("is cancelled, with a reason", async () => {
    let reason: unknown;
    const source = new ReadableStream<Uint8Array>({
      cancel(given) {
        reason = given;
      },
    });
    const body = new PeekedBody(source);
    await body.whole();
    body.cancel("enough");
    await turn();
    expect(reason).toBe("enough");
  });
});
