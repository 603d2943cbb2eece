import { describe, expect, it } from "vitest";
import type { Handler } from "../../src/server/handler.js";
import { compose, type Middleware } from "../../src/server/handler.js";
import { makeContext } from "./context.js";

const request = new Request("http://example.com/");

/** Notes when the request passes inward, and the response outward. */
const noting =
  (name: string, notes: string[]): Middleware =>
  (next) =>
  async (incoming, context) => {
    notes.push(`${name} in`);
    const response = await next(incoming, context);
    notes.push(`${name} out`);
    return response;
  };

describe("S3.17 compose", () => {
  it("makes one middleware of several: the first is the outermost", async () => {
    const notes: string[] = [];
    const application: Handler = () => {
      notes.push("application");
      return new Response("hello");
    };
    const handler = compose(noting("a", notes), noting("b", notes))(application);
    expect(await (await handler(request, makeContext())).text()).toBe("hello");
    expect(notes).toEqual(["a in", "b in", "application", "b out", "a out"]);
  });

  it("of nothing is the application itself", () => {
    const application: Handler = () => new Response();
    expect(compose()(application)).toBe(application);
  });

  it("of composed middleware equals one composition of all", async () => {
    const notes: string[] = [];
    const [a, b, c] = ["a", "b", "c"].map((name) => noting(name, notes)) as [
      Middleware,
      Middleware,
      Middleware,
    ];
    await compose(compose(a, b), c)(() => new Response())(request, makeContext());
    expect(notes).toEqual(["a in", "b in", "c in", "c out", "b out", "a out"]);
  });

  it("a middleware may answer by itself, and change request, context and response", async () => {
    const guard: Middleware = (next) => (incoming, context) =>
      incoming.headers.has("authorization")
        ? next(incoming, context)
        : new Response("who?", { status: 401 });
    const renamed: Middleware = (next) => async (incoming, context) => {
      const response = await next(new Request("http://other/", incoming), context);
      response.headers.set("x-by", "renamed");
      return response;
    };
    const handler = compose(guard, renamed)((incoming) => new Response(incoming.url));
    expect((await handler(request, makeContext())).status).toBe(401);
    const allowed = new Request(request, { headers: { authorization: "x" } });
    const response = await handler(allowed, makeContext());
    expect([response.headers.get("x-by"), await response.text()]).toEqual([
      "renamed",
      "http://other/",
    ]);
  });
});
