import { describe, expect, it } from "vitest";
import { makeFetchLazy } from "./lazy.js";
import { makeRequest } from "./requests.js";

const Own = { Request, Response };

/** As an instrumentation may, between the import of this package and the first lazy server. */
class OtherRequest extends Own.Request {
  get traced(): string {
    return `traced ${this.method}`;
  }
}
class OtherResponse extends Own.Response {
  readonly traced = true;
}
globalThis.Request = OtherRequest;
globalThis.Response = OtherResponse as unknown as typeof Response;
makeFetchLazy();

describe("lazy Fetch, where another module has replaced the classes of Fetch", () => {
  it("keeps its Responses", async () => {
    const response = new Response("a") as OtherResponse;
    expect(response).toBeInstanceOf(OtherResponse);
    expect([response.traced, await response.text()]).toEqual([true, "a"]);
  });

  it("makes its Request accept lazy ones", async () => {
    const request = new Request(makeRequest({}, "ab")) as OtherRequest;
    expect(request).toBeInstanceOf(OtherRequest);
    expect([request.traced, await request.text()]).toEqual(["traced POST", "ab"]);
  });

  it("leaves the requests of handlers what they are", async () => {
    const request = makeRequest({}, "ab");
    expect(request).toBeInstanceOf(Own.Request);
    expect([request.method, request.url, await request.text()]).toEqual([
      "POST",
      "http://app.test/a?b=c",
      "ab",
    ]);
  });
});
