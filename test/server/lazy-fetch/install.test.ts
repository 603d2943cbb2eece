import { describe, expect, it } from "vitest";
import { requestParts } from "../../../src/cgi/request-from-variables.js";
import { Variables } from "../../../src/cgi/variables.js";
import { installLazyFetch } from "../../../src/server/lazy-fetch/install.js";
import { LazyRequest } from "../../../src/server/lazy-fetch/request.js";
import { stateOf } from "../../../src/server/lazy-fetch/stand-in.js";
import { createRequest, type LazyFetch } from "../../../src/server/request-context.js";
import { testRequests } from "../request-cases.js";

const before = { Request, Response, fetch };

function make(lazyFetch: LazyFetch | undefined) {
  const variables = { REQUEST_METHOD: "PUT", HTTP_HOST: "h.test", REQUEST_URI: "/a" };
  const parts = requestParts(new Variables(Object.entries(variables)));
  return createRequest(parts, undefined, new AbortController(), lazyFetch);
}

describe("installLazyFetch", () => {
  it("returns what makes requests lazy, and may be called again", () => {
    const lazyFetch = installLazyFetch();
    const { Request, Response, fetch } = globalThis;
    expect(installLazyFetch()).toBe(lazyFetch);
    expect([globalThis.Request, globalThis.Response, globalThis.fetch]).toEqual([
      Request,
      Response,
      fetch,
    ]);
    expect(stateOf(make(lazyFetch))).toBeInstanceOf(LazyRequest);
  });

  it("keeps the runtime's own objects, made before and after, of the same class as lazy ones", () => {
    for (const each of [before.Request, Request]) {
      expect(new each("http://h.test/")).toBeInstanceOf(Request);
      expect(make(installLazyFetch())).toBeInstanceOf(each);
    }
    for (const each of [before.Response, Response]) {
      expect(new each("a")).toBeInstanceOf(Response);
      expect(new Response("a")).toBeInstanceOf(each);
    }
  });

  it("leaves fetch of other values unchanged", async () => {
    expect(await (await fetch("data:text/plain,hello")).text()).toBe("hello");
    await expect(fetch("http://127.0.0.1:1/", { method: "POST" })).rejects.toThrow("fetch failed");
  });
});

describe("a lazy Request", () => {
  testRequests(installLazyFetch());
});
