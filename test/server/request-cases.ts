import { setImmediate as turn } from "node:timers/promises";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { requestParts } from "../../src/cgi/request-from-variables.js";
import { Variables } from "../../src/cgi/variables.js";
import { RequestBody } from "../../src/server/request-body.js";
import { createRequest, type LazyFetch } from "../../src/server/request-context.js";
import { collectGarbage } from "../harness/garbage.js";

const encode = (text: string) => new TextEncoder().encode(text);

function bodyOf(text: string): RequestBody {
  const body = new RequestBody(encode(text).length, 1_024);
  body.push(encode(text));
  body.end();
  return body;
}

let lazyFetch: LazyFetch | undefined;

function make(variables: Record<string, string> = {}, body?: RequestBody, signal?: AbortSignal) {
  const all = new Variables(
    Object.entries({
      REQUEST_METHOD: body === undefined ? "GET" : "POST",
      REQUEST_URI: "/a/../b%20c?d=e",
      HTTP_HOST: "App.test",
      HTTP_X_TEST: "yes",
      ...variables,
    }),
  );
  const parts = requestParts(all);
  const source = { signal: signal ?? new AbortController().signal };
  return createRequest(parts, body, source, lazyFetch);
}

/** A handler's Request behaves as one, lazy or not. @param lazy undefined for the runtime's own */
export function testRequests(lazy: LazyFetch | undefined): void {
  lazyFetch = lazy;
  describe("a request made of what it is asked for", () => {
    it("is a Request", () => {
      const request = make();
      expect(request).toBeInstanceOf(Request);
      expect(request.constructor).toBe(Request);
      expect(Object.prototype.toString.call(request)).toBe("[object Request]");
    });

    it("has the URL that Fetch makes of it", () => {
      expect(make().url).toBe("http://app.test/b%20c?d=e");
    });

    it.each(["get", "pOsT", "patch", "PATCH", "PROPFIND", "OPTIONS", "options"])(
      "has the method that Fetch makes of %s",
      (method) => {
        const expected = new Request("http://h/", { method }).method;
        expect(make({ REQUEST_METHOD: method }).method).toBe(expected);
      },
    );

    it("has the members of a plain request", () => {
      const request = make();
      const plain = new Request("http://h/");
      for (const name of ["cache", "credentials", "mode", "redirect", "referrer", "integrity"]) {
        expect(Reflect.get(request, name), name).toBe(Reflect.get(plain, name));
      }
    });

    it("is the same object with the same headers and signal each time", () => {
      const request = make();
      expect(request.headers).toBe(request.headers);
      expect(request.signal).toBe(request.signal);
    });

    it("has a signal that follows, also when the request is not kept", async () => {
      const controller = new AbortController();
      const { signal } = make({}, undefined, controller.signal);
      await turn();
      collectGarbage();
      const reason = new Error("gone");
      controller.abort(reason);
      expect([signal.aborted, signal.reason]).toEqual([true, reason]);
    });

    it("lets headers be changed, and copies have them as they are then", () => {
      const request = make();
      const first = request.clone();
      const { headers } = request;
      headers.set("x-test", "changed");
      headers.append("x-new", "1");
      headers.delete("host");
      const copy = new Request(request);
      expect([...copy.headers]).toEqual([...headers]);
      expect(first.headers.get("x-test")).toBe("yes");
      headers.set("x-test", "again");
      expect(request.clone().headers.get("x-test")).toBe("again");
      expect(copy.headers.get("x-test")).toBe("changed");
    });

    it("refuses an invalid header", () => {
      expect(() => make().headers.set("a b", "c")).toThrow(TypeError);
      expect(() => make().headers.set("a", "b\nc")).toThrow(TypeError);
    });

    it("is copied with another URL, method or body", async () => {
      const moved = new Request("http://other.test/", make({}, bodyOf("moved")));
      expect([moved.url, moved.method, await moved.text()]).toEqual([
        "http://other.test/",
        "POST",
        "moved",
      ]);
      const replaced = new Request(make(), { method: "PUT", body: "new" });
      expect([replaced.method, replaced.headers.get("x-test"), await replaced.text()]).toEqual([
        "PUT",
        "yes",
        "new",
      ]);
    });

    it("passes its signal on to its copies", () => {
      const controller = new AbortController();
      const request = make({}, undefined, controller.signal);
      const copies = [request.clone(), new Request(request)];
      controller.abort(new Error("gone"));
      expect(copies.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    });

    it("goes out by fetch", async () => {
      const request = make({ HTTP_HOST: "127.0.0.1:1" });
      await expect(fetch(request)).rejects.toThrow("fetch failed");
    });
  });

  describe("its body", () => {
    it("is null for GET, HEAD, and a request without one", async () => {
      const request = make({ REQUEST_METHOD: "GET" }, bodyOf("x"));
      expect([request.body, await request.text(), request.bodyUsed]).toEqual([null, "", false]);
      expect(make({ REQUEST_METHOD: "POST" }).body).toBeNull();
    });

    it("is read as text without its byte order mark", async () => {
      const request = make({}, bodyOf("\ufeffé"));
      expect([request.bodyUsed, await request.text(), request.bodyUsed]).toEqual([
        false,
        "é",
        true,
      ]);
    });

    it("is read as JSON", async () => {
      expect(await make({}, bodyOf('{"a":[1]}')).json()).toEqual({ a: [1] });
      await expect(make({}, bodyOf("{")).json()).rejects.toThrow(SyntaxError);
      await expect(make().json()).rejects.toThrow(SyntaxError);
    });

    it("is read as bytes", async () => {
      expect(new Uint8Array(await make({}, bodyOf("ab")).arrayBuffer())).toEqual(encode("ab"));
      expect((await make().arrayBuffer()).byteLength).toBe(0);
    });

    it("is read as a blob with its type, and as a form", async () => {
      const blob = await make({ CONTENT_TYPE: "text/x" }, bodyOf("ab")).blob();
      expect([blob.type, await blob.text()]).toEqual(["text/x", "ab"]);
      const type = "application/x-www-form-urlencoded";
      const form = await make({ CONTENT_TYPE: type }, bodyOf("a=1&b=%20")).formData();
      expect([...form]).toEqual([
        ["a", "1"],
        ["b", " "],
      ]);
    });

    it("is read once", async () => {
      const request = make({}, bodyOf("ab"));
      await request.text();
      await expect(request.text()).rejects.toThrow(TypeError);
      await expect(request.json()).rejects.toThrow(TypeError);
      expect(() => request.clone()).toThrow(TypeError);
      expect(() => new Request(request)).toThrow(TypeError);
      expect(request.body?.locked).toBe(true);
      expect(request.bodyUsed).toBe(true);
    });

    it("is a stream, the same each time, that locks", async () => {
      const request = make({}, bodyOf("ab"));
      expect(request.body).toBe(request.body);
      const reader = request.body?.getReader();
      expect(await reader?.read()).toEqual({ done: false, value: encode("ab") });
      expect(request.bodyUsed).toBe(true);
      await expect(request.text()).rejects.toThrow(TypeError);
    });

    it("is in both when the request is cloned", async () => {
      const request = make({}, bodyOf("ab"));
      const copy = request.clone();
      expect(await Promise.all([request.text(), copy.text()])).toEqual(["ab", "ab"]);
    });

    it("is the copy's when the request is copied", async () => {
      const request = make({}, bodyOf("ab"));
      expect(await new Request(request).text()).toBe("ab");
      expect(request.bodyUsed).toBe(true);
    });

    it("comes in pieces, and makes room as it is read", async () => {
      const body = new RequestBody(6, 2);
      let isStopped = false;
      body.onRoom = () => {
        isStopped = false;
      };
      const text = make({}, body).text();
      for (const piece of ["ab", "cd", "ef"]) {
        body.push(encode(piece));
        isStopped ||= body.full;
        await turn();
        expect(isStopped).toBe(false);
      }
      body.end();
      expect([await text, body.full]).toEqual(["abcdef", false]);
    });

    it("that is short is an error for its reader", async () => {
      const body = new RequestBody(6, 1_024);
      body.push(encode("ab"));
      body.end();
      await expect(make({}, body).text()).rejects.toMatchObject({ code: "truncated" });
    });
  });

  describe("a router over it", () => {
    it("finds its route, its query, its headers and its body", async () => {
      const app = new Hono();
      app.use(async (context, next) => {
        await next();
        context.header("x-by", "middleware");
      });
      app.post("/items/:id", async (context) =>
        context.json({
          id: context.req.param("id"),
          q: context.req.query("q"),
          test: context.req.header("x-test"),
          body: await context.req.json(),
        }),
      );
      const request = make({ REQUEST_URI: "/items/7?q=r" }, bodyOf('{"a":1}'));
      const response = await app.fetch(request);
      expect(response.headers.get("x-by")).toBe("middleware");
      expect(await response.json()).toEqual({ id: "7", q: "r", test: "yes", body: { a: 1 } });
    });
  });
}
