import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFetchLazy } from "../../src/gateway/lazy-fetch.js";
import { LazyResponse } from "../../src/gateway/lazy-response.js";

const { Request, Response: Whole, fetch } = globalThis;
const encode = (text: string) => new TextEncoder().encode(text);
const bodyOf = (response: Response) => new Uint8Array(LazyResponse.bytesOf(response) ?? []);

beforeAll(() => makeFetchLazy());
afterAll(() => Object.assign(globalThis, { Request, Response: Whole, fetch }));

/** What can be seen of a response. */
async function shown(response: Response) {
  const { status, ok, statusText, type, url, redirected, bodyUsed } = response;
  const headers = [...response.headers];
  const hasBody = response.body !== null;
  const text = await response.text();
  const after = response.bodyUsed;
  return { status, ok, statusText, type, url, redirected, bodyUsed, headers, hasBody, text, after };
}

const cases: [string, BodyInit | null | undefined, ResponseInit | undefined][] = [
  ["nothing", undefined, undefined],
  ["null and a status", null, { status: 204, statusText: "Nothing" }],
  ["a text", "é\ud800", undefined],
  ["a text of a type", "{}", { headers: { "Content-Type": "application/json" } }],
  [
    "a text and a status",
    "no",
    {
      status: 404,
      headers: [
        ["x-a", "1"],
        ["X-A", "2"],
      ],
    },
  ],
  ["an empty text", "", { status: 599 }],
  ["bytes", encode("abcdef").subarray(1, 3), undefined],
  ["a buffer", encode("abc").buffer, undefined],
  ["a form", new URLSearchParams({ a: "b c" }), undefined],
  ["a blob", new Blob(["ab"], { type: "text/x" }), undefined],
  [
    "cookies",
    "c",
    {
      headers: [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ],
    },
  ],
];

describe("a response made of what it is asked for", () => {
  it.each(cases)("is what the runtime's own is, of %s", async (_, body, init) => {
    expect(await shown(new Response(body, init))).toEqual(await shown(new Whole(body, init)));
  });

  it.each([
    ["a status that is none", "a", { status: 600 }],
    ["a body with 304", "a", { status: 304 }],
    ["a status text of two lines", null, { statusText: "a\nb" }],
    ["a header that is none", "a", { headers: { "a b": "c" } }],
    ["a header of two lines", "a", { headers: { a: "b\nc" } }],
  ])("is refused as the runtime refuses it: %s", (_, body, init) => {
    const thrown = (make: () => unknown): unknown => {
      try {
        make();
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const expected = thrown(() => new Whole(body, init));
    expect(expected).toBeInstanceOf(Error);
    expect(thrown(() => new Response(body, init))).toEqual(expected);
  });

  it("is a Response, and so are the runtime's", () => {
    const response = new Response("a");
    expect(response).toBeInstanceOf(Response);
    expect(response).toBeInstanceOf(Whole);
    expect(new Whole("a")).toBeInstanceOf(Response);
    expect({ status: 200 }).not.toBeInstanceOf(Response);
    expect(response.constructor).toBe(Response);
    expect(Response.name).toBe("Response");
    expect(Object.prototype.toString.call(response)).toBe("[object Response]");
  });

  it("has headers that may be changed, and tells them to its copies", async () => {
    const response = new Response("a");
    response.headers.set("x-a", "1");
    await response.clone().text();
    response.headers.set("x-a", "2");
    response.headers.append("set-cookie", "b=1");
    const copy = response.clone();
    expect(copy.headers.get("x-a")).toBe("2");
    expect(copy.headers.getSetCookie()).toEqual(["b=1"]);
    expect(await copy.text()).toBe("a");
    expect(await response.text()).toBe("a");
  });

  it("can be read in every way, and once", async () => {
    expect(await new Response('{"a":1}').json()).toEqual({ a: 1 });
    expect(new Uint8Array(await new Response("ab").arrayBuffer())).toEqual(encode("ab"));
    expect(await (await new Response("ab").blob()).text()).toBe("ab");
    const form = new Response("a=b", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect((await form.formData()).get("a")).toBe("b");
    const response = new Response("a");
    await response.text();
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(LazyResponse.bytesOf(response)).toBeUndefined();
  });

  it("gives its bytes without a stream", () => {
    expect(bodyOf(new Response("é"))).toEqual(encode("é"));
    expect(bodyOf(new Response(encode("ab")))).toEqual(encode("ab"));
    expect(bodyOf(Response.json({ a: 1 }))).toEqual(encode('{"a":1}'));
    expect(LazyResponse.bytesOf(new Response(null))).toBeUndefined();
    expect(LazyResponse.bytesOf(new Response(new Blob(["ab"])))).toBeUndefined();
  });

  it("knows no bytes of the runtime's own", () => {
    expect(LazyResponse.bytesOf(new Whole("é"))).toBeUndefined();
  });

  it("takes a copy of bytes", async () => {
    const bytes = encode("ab");
    const response = new Response(bytes);
    bytes[0] = 0x7a;
    expect(await response.text()).toBe("ab");
  });

  it("may be another one's body and head", async () => {
    const first = new Response("a", { status: 201, headers: { "x-a": "1" } });
    const second = new Response(first.body, first);
    expect(second.status).toBe(201);
    expect(second.headers.get("x-a")).toBe("1");
    expect(await second.text()).toBe("a");
  });

  it("is made by json, redirect and error as Fetch has it", async () => {
    const json = Response.json([1], { status: 201, headers: { "x-a": "1" } });
    expect(await shown(json)).toEqual(
      await shown(Whole.json([1], { status: 201, headers: { "x-a": "1" } })),
    );
    expect(() => Response.json(undefined)).toThrow(TypeError);
    expect(Response.redirect("http://a.test/", 303).headers.get("location")).toBe("http://a.test/");
    expect(Response.error().type).toBe("error");
  });

  it("may be extended", async () => {
    class Page extends Response {
      get words(): string {
        return `${this.status}`;
      }
    }
    const page = new Page("a", { status: 202 });
    expect(page.words).toBe("202");
    expect(page).toBeInstanceOf(Response);
    expect(await page.text()).toBe("a");
  });
});
