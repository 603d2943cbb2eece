import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestParts } from "../../src/cgi/request-from-variables.js";
import { Variables } from "../../src/cgi/variables.js";
import { createRequest } from "../../src/gateway/create-request.js";
import { makeFetchLazy } from "../../src/gateway/lazy-fetch.js";
import { LazyRequest } from "../../src/gateway/lazy-request.js";
import { testRequests } from "./request-cases.js";

const whole = { Request, Response, fetch };

beforeAll(() => {
  makeFetchLazy();
  makeFetchLazy();
});
afterAll(() => Object.assign(globalThis, whole));

describe("the globals of Fetch, made lazy", () => {
  const make = () => {
    const variables = { REQUEST_METHOD: "PUT", HTTP_HOST: "h.test", REQUEST_URI: "/a" };
    const parts = requestParts(new Variables(Object.entries(variables)));
    return createRequest(parts, undefined, new AbortController());
  };

  it("have handlers get what is made of what it is asked for", () => {
    expect(make()).toBeInstanceOf(LazyRequest);
  });

  it("know the runtime's Requests, and theirs", () => {
    const own = new whole.Request("http://h.test/");
    for (const request of [own, make(), new Request("http://h.test/"), make().clone()]) {
      expect(request).toBeInstanceOf(Request);
      expect(request).toBeInstanceOf(whole.Request);
    }
    expect({ url: "http://h.test/" }).not.toBeInstanceOf(Request);
    expect(Request.name).toBe("Request");
  });

  it("let Request be extended", () => {
    class Signed extends Request {
      get by(): string {
        return this.method;
      }
    }
    const signed = new Signed(make());
    expect([signed.by, signed instanceof Request, signed.url]).toEqual([
      "PUT",
      true,
      "http://h.test/a",
    ]);
  });

  it("take a request for what another is to be like", () => {
    expect(new Request("http://other.test/", make()).method).toBe("PUT");
  });

  it("fetch as before what is no request", async () => {
    const answer = await fetch("data:text/plain,hello");
    expect(await answer.text()).toBe("hello");
    await expect(fetch("http://127.0.0.1:1/", { method: "POST" })).rejects.toThrow("fetch failed");
  });

  it("show a request as the runtime does", () => {
    expect(inspect(make())).toContain("http://h.test/a");
  });
});

testRequests();
