import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { getEngine } from "../../src/engine/select.js";
import type { Context } from "../../src/server/handler.js";
import { stateOf } from "../../src/server/lazy-fetch/stand-in.js";
import { serve } from "../../src/server/serve.js";

/** What `console.log` writes of the request, the context and its variables in a handler. */
async function shownToHandler(lazyFetch: boolean) {
  let shown = { request: "", context: "", variables: "" };
  let isLazy = false;
  const handler = (request: Request, context: Context): Response => {
    isLazy = stateOf(request) !== undefined;
    shown = {
      request: inspect(request),
      context: inspect(context),
      variables: inspect(context.variables),
    };
    return new Response("served");
  };
  await using server = await serve(handler, { listen: "127.0.0.1:0", lazyFetch });
  const answer = await gatewayFetch(server.address, new Request("http://app.test/a"));
  expect(await answer.text()).toBe("served");
  return { ...shown, isLazy };
}

const linesOf = (text: string) => text.split("\n").length;

describe("what console.log shows", () => {
  it("of a server is its documented members", async () => {
    await using server = await serve(() => new Response(""), { listen: "127.0.0.1:0" });
    expect(Reflect.ownKeys(server)).toEqual([
      "address",
      "connections",
      "requests",
      "counts",
      "close",
      Symbol.asyncDispose,
      Symbol.for("nodejs.util.inspect.custom"),
    ]);
    const shown = inspect(server);
    expect(linesOf(shown)).toBeLessThanOrEqual(12);
    expect(shown).toContain("connections: 0");
    expect(shown).toContain(server.address);
    expect(shown).not.toContain("[Getter]");
  });

  it("of an engine is its name", () => {
    expect(inspect(getEngine("typescript"))).toBe("Engine { name: 'typescript' }");
  });

  it.each([false, true])("to a handler is short, with lazyFetch %s", async (lazyFetch) => {
    const { request, context, variables, isLazy } = await shownToHandler(lazyFetch);
    expect(isLazy).toBe(lazyFetch);
    expect(linesOf(context)).toBeLessThanOrEqual(12);
    expect(linesOf(variables)).toBeLessThanOrEqual(12);
    expect(linesOf(request)).toBeLessThanOrEqual(40);
    expect(request).toContain("http://app.test/a");
  });
});

describe("a handler's context", () => {
  it("has the documented members, and none of the server's own", async () => {
    const names: string[] = [];
    const handler = (_: Request, context: Context): Response => {
      const prototype: object = Object.getPrototypeOf(context);
      names.push(...Object.keys(context), ...Object.getOwnPropertyNames(prototype));
      return new Response("");
    };
    await using server = await serve(handler, { listen: "127.0.0.1:0" });
    await (await gatewayFetch(server.address, new Request("http://app.test/"))).text();
    expect(names.sort()).toEqual(
      [
        "constructor",
        "data",
        "errors",
        "finished",
        "input",
        "protocol",
        "role",
        "signal",
        "variables",
      ].sort(),
    );
  });
});
