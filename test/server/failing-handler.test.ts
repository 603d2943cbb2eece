import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Context, Handler } from "../../src/server/handler.js";
import { until } from "../harness/server-process.js";
import { get, text } from "./fastcgi-front-end.js";
import { serveFastCgi } from "./serving.js";

const { connect, errors, start } = serveFastCgi();

describe("a handler that fails", () => {
  it.each<readonly [string, Handler]>([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["throws a value that is not an Error", () => Promise.reject("secret")],
    ["returns nothing", () => undefined as unknown as Response],
    ["returns something else", () => "secret" as unknown as Response],
    [
      "creates a Response with an impossible header",
      () => new Response(null, { headers: { a: "secret€" } }),
    ],
    [
      "returns a Response that was already used",
      async () => {
        const response = new Response("secret");
        await response.text();
        return response;
      },
    ],
  ])("because it %s: 500 without details, and a line in the log", async (_, handler) => {
    await start(handler);
    const lines = await connect().send(get()).answer();
    expect(text(lines)).toBe(
      "Status: 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 22\r\n\r\nInternal Server Error\n",
    );
    expect(lines.find((line) => line.startsWith("1 stderr "))).toBeDefined();
    expect(lines.at(-1)).toBe("1 end 0 0");
    expect(errors.length).toBe(1);
  });

  it("by exceeding its timeout: 500, its signal aborted, and its later response cancelled", async () => {
    let cancelled = false;
    let context: Context | undefined;
    await start(
      async (_, given) => {
        context = given;
        await sleep(120);
        return new Response(
          new ReadableStream({
            cancel: () => {
              cancelled = true;
            },
          }),
        );
      },
      { responseTimeout: 40 },
    );
    const lines = await connect().send(get()).answer();
    expect(text(lines)).toMatch(/^Status: 500 /);
    expect(context?.signal.aborted).toBe(true);
    expect(context?.signal.reason).toMatchObject({ code: "deadline" });
    await until(
      () => cancelled,
      () => "the late response was not cancelled",
      2_000,
    );
  });

  it("by what it returns in the place of a promise, and nothing is left of its timeout", async () => {
    const fail = () => {
      throw new Error("secret");
    };
    const answer = new Proxy({}, { has: () => true, get: fail });
    await start((() => answer) as unknown as Handler, { responseTimeout: 20 });
    expect(text(await connect().send(get()).answer())).toMatch(/^Status: 500 /);
    // A timer that is left would end the process by a rejection.
    await sleep(50);
  });

  it("after its head: the connection ends in bytes that are not a record", async () => {
    await start(() => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode("half")),
        pull: async (controller) => {
          await sleep(10);
          controller.error(new Error("secret"));
        },
      });
      return new Response(body);
    });
    const lines = await connect().send(get()).records();
    expect(lines).toEqual([
      "1 stdout Status: 200 OK\r\n\r\n",
      "1 stdout half",
      expect.stringContaining("1 stderr Error: secret"),
      "cut",
    ]);
  });

  it.each([
    ["shorter", "8"],
    ["longer", "5"],
  ])("with a body in pieces that is %s than its Content-Length", async (_, length) => {
    const pieces = (): Response => {
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          controller.enqueue(new TextEncoder().encode("abc"));
          await sleep(10);
          controller.enqueue(new TextEncoder().encode("def"));
          controller.close();
        },
      });
      return new Response(body, { headers: { "content-length": length } });
    };
    await start(pieces);
    const lines = await connect().send(get()).records();
    expect(lines.at(-1)).toBe("cut");
    expect(errors).toEqual([expect.objectContaining({ code: "bad_input" })]);
  });

  it("with a chunk that is not bytes: the connection is cut", async () => {
    await start(
      () => new Response(new ReadableStream({ start: (to) => to.enqueue("text" as never) })),
    );
    const lines = await connect().send(get()).records();
    expect(lines.at(-1)).toBe("cut");
  });

  it("does not harm the next request on the connection", async () => {
    await start((request) => {
      if (request.url.endsWith("/bad")) throw new Error("bad");
      return new Response("good");
    });
    const peer = connect().send(get({ REQUEST_URI: "/bad" }));
    expect(text(await peer.answer())).toMatch(/^Status: 500/);
    peer.send(get({ REQUEST_URI: "/good" }));
    expect(text(await peer.answer())).toMatch(/good$/);
  });
});
