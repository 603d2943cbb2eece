import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RecordType } from "../../src/fastcgi/protocol.js";
import type { Context } from "../../src/server/handler.js";
import { begin, endStdin, join, params, record } from "../fastcgi/records-of.js";
import { until } from "../harness/server-process.js";
import { get, text, variables } from "./fastcgi-front-end.js";
import { serveFastCgi } from "./serving.js";

const { connect, errors, start } = serveFastCgi();

describe("a handler", () => {
  it("gets a Request, and answers with a Response", async () => {
    await start((request) => {
      expect(request.headers.get("x-test")).toBe("yes");
      return new Response(`${request.method} ${request.url}`, {
        status: 201,
        headers: { "x-answer": "42" },
      });
    });
    const lines = await connect()
      .send(get({ REQUEST_URI: "/a%20b?c=d", HTTP_X_TEST: "yes" }))
      .answer();
    expect(text(lines)).toBe(
      "Status: 201 Created\r\ncontent-type: text/plain;charset=UTF-8\r\nx-answer: 42\r\ncontent-length: 29\r\n\r\nGET http://app.test/a%20b?c=d",
    );
    expect(lines.slice(-2)).toEqual(["1 stdout", "1 end 0 0"]);
    expect(errors).toEqual([]);
  });

  it("may be an object with fetch", async () => {
    const application = { greeting: "hi", fetch: () => new Response("hi") };
    await start(application);
    expect(text(await connect().send(get()).answer())).toMatch(/hi$/);
  });

  it("has the variables, the protocol and the role in its context", async () => {
    let seen: Context | undefined;
    await start((_, context) => {
      seen = context;
      return new Response();
    });
    await connect()
      .send(get({ REMOTE_USER: "ann" }))
      .answer();
    expect(seen?.variables.get("REMOTE_USER")).toBe("ann");
    expect([seen?.protocol, seen?.role, seen?.data]).toEqual(["fcgi", "responder", null]);
  });

  it("writes to the error stream", async () => {
    await start((_, { errors: stream }) => {
      stream.write("careful\n");
      return new Response("fine");
    });
    const lines = await connect().send(get()).answer();
    expect(lines[0]).toBe("1 stderr careful\n");
    expect(lines.slice(-3)).toEqual(["1 stdout", "1 stderr", "1 end 0 0"]);
  });

  it("serves authorizers and filters", async () => {
    await start(async (request, { role, data }) => {
      const file = data === null ? "no file" : await new Response(data).text();
      return new Response(`${role} ${await request.text()} ${file}`);
    });
    const authorizer = join(begin(1, { role: 2 }), params(1, variables()));
    expect(text(await connect().send(authorizer).answer())).toMatch(/authorizer {2}no file$/);
    const filter = join(
      begin(1, { role: 3 }),
      params(1, variables({ REQUEST_METHOD: "POST", CONTENT_LENGTH: "4" })),
      record(RecordType.Stdin, 1, "body"),
      endStdin(),
      record(RecordType.Data, 1, "file"),
      record(RecordType.Data, 1),
    );
    expect(text(await connect().send(filter).answer())).toMatch(/filter body file$/);
  });

  it("sends no body for HEAD, 204 and 304", async () => {
    await start((request) => {
      const status = Number(new URL(request.url).pathname.slice(1));
      return status === 200 ? new Response("body") : new Response(null, { status });
    });
    for (const status of [204, 304]) {
      const lines = await connect()
        .send(get({ REQUEST_URI: `/${status}` }))
        .answer();
      expect(text(lines)).toMatch(/\r\n\r\n$/);
    }
    const head = get({ REQUEST_METHOD: "HEAD", REQUEST_URI: "/200" });
    expect(text(await connect().send(head).answer())).toMatch(/^Status: 200 OK[\s\S]*\r\n\r\n$/);
  });

  it("has the length of its response stated if it is known", async () => {
    await start((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/body") return new Response("body");
      if (pathname === "/nothing") return new Response(null);
      const stream = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (pathname === "/late") await turn();
          controller.enqueue(new TextEncoder().encode("body"));
          controller.close();
        },
      });
      return new Response(stream);
    });
    const lengthOf = async (variables: Record<string, string>): Promise<string | undefined> =>
      /content-length: (\d+)/.exec(text(await connect().send(get(variables)).answer()))?.[1];
    expect(await lengthOf({ REQUEST_URI: "/body" })).toBe("4");
    expect(await lengthOf({ REQUEST_URI: "/nothing" })).toBe("0");
    expect(await lengthOf({ REQUEST_URI: "/stream" })).toBe("4");
    expect(await lengthOf({ REQUEST_URI: "/late" })).toBeUndefined();
    // HEAD is answered with the head that GET would get.
    const REQUEST_METHOD = "HEAD";
    expect(await lengthOf({ REQUEST_METHOD, REQUEST_URI: "/body" })).toBe("4");
    expect(await lengthOf({ REQUEST_METHOD, REQUEST_URI: "/nothing" })).toBeUndefined();
    expect(await lengthOf({ REQUEST_METHOD, REQUEST_URI: "/late" })).toBeUndefined();
  });

  it("learns when its response has been sent", async () => {
    let finished = false;
    await start((_, context) => {
      void context.finished.then(() => {
        finished = true;
      });
      return new Response("x");
    });
    await connect().send(get()).answer();
    await until(
      () => finished,
      () => "finished did not settle",
      1_000,
    );
  });
});

describe("an invalid request", () => {
  it.each([
    ["an invalid method", { REQUEST_METHOD: "G E T" }, "400 Bad Request"],
    ["an invalid length", { CONTENT_LENGTH: "-1" }, "400 Bad Request"],
    ["an invalid host", { HTTP_HOST: "a/b@c" }, "400 Bad Request"],
    ["CONNECT", { REQUEST_METHOD: "CONNECT" }, "501 Not Implemented"],
  ])("%s never reaches the handler", async (_, more, status) => {
    let called = false;
    await start(() => {
      called = true;
      return new Response();
    });
    const lines = await connect()
      .send(get(more as unknown as Record<string, string>))
      .answer();
    expect(text(lines)).toMatch(new RegExp(`^Status: ${status}\r\n`));
    expect(called).toBe(false);
  });
});
