import { describe, expect, it } from "vitest";
import { requestParts } from "../../../src/cgi/request-from-variables.js";
import { Variables } from "../../../src/cgi/variables.js";
import { createRequest } from "../../../src/server/lazy-fetch/create-request.js";
import { makeFetchLazy } from "../../../src/server/lazy-fetch/install.js";
import { LazyRequest } from "../../../src/server/lazy-fetch/request.js";
import { stateOf } from "../../../src/server/lazy-fetch/stand-in.js";
import { testRequests } from "../request-cases.js";

const before = { Request, Response, fetch };

function make() {
  const variables = { REQUEST_METHOD: "PUT", HTTP_HOST: "h.test", REQUEST_URI: "/a" };
  const parts = requestParts(new Variables(Object.entries(variables)));
  return createRequest(parts, undefined, new AbortController());
}

describe("makeFetchLazy", () => {
  it("leaves requests the runtime's own until it is called", () => {
    expect(stateOf(make())).toBeUndefined();
  });

  it("makes the requests of handlers lazy, and may be called again", () => {
    makeFetchLazy();
    const { Request, Response, fetch } = globalThis;
    makeFetchLazy();
    expect([globalThis.Request, globalThis.Response, globalThis.fetch]).toEqual([
      Request,
      Response,
      fetch,
    ]);
    expect(stateOf(make())).toBeInstanceOf(LazyRequest);
  });

  it("keeps the runtime's own objects, made before and after, of one kind with the lazy", () => {
    for (const each of [before.Request, Request]) {
      expect(new each("http://h.test/")).toBeInstanceOf(Request);
      expect(make()).toBeInstanceOf(each);
    }
    for (const each of [before.Response, Response]) {
      expect(new each("a")).toBeInstanceOf(Response);
      expect(new Response("a")).toBeInstanceOf(each);
    }
  });

  it("fetches as before what is no request", async () => {
    expect(await (await fetch("data:text/plain,hello")).text()).toBe("hello");
    await expect(fetch("http://127.0.0.1:1/", { method: "POST" })).rejects.toThrow("fetch failed");
  });
});

describe("after makeFetchLazy", () => {
  testRequests();
});
