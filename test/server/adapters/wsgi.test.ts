import { describe, expect, it } from "vitest";
import type { WsgiApplication } from "../../../src/server/adapters/wsgi.js";
import { bytes } from "../../bytes.js";
import { plain, run } from "./run-wsgi.js";

describe("S3.11 an application of WSGI", () => {
  it("is a callable that begins the response and returns its chunks", async () => {
    const response = await run((_environ, startResponse) => {
      startResponse("201 Made", plain);
      return ["one ", bytes("two "), "drei é"];
    });
    expect([response.status, response.statusText]).toEqual([201, "Made"]);
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(await response.text()).toBe("one two drei é");
  });

  it.each<[string, () => ReturnType<WsgiApplication>]>([
    [
      "a generator",
      function* () {
        yield "a";
        yield "";
        yield "b";
      },
    ],
    [
      "an async generator",
      async function* () {
        yield "a";
        yield "b";
      },
    ],
    ["a set", () => new Set(["a", "b"])],
    ["a string, in one chunk", () => "ab"],
    ["bytes", () => bytes("ab")],
    ["a promise of a list", async () => ["a", "b"]],
  ])("may return %s", async (_what, chunks) => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", plain);
      return chunks();
    });
    expect(await response.text()).toBe("ab");
  });

  it("may begin the response while it makes its first chunk", async () => {
    const response = await run(function* (_environ, startResponse) {
      startResponse("404 Not Found", plain);
      yield "nothing here";
    });
    expect([response.status, await response.text()]).toEqual([404, "nothing here"]);
  });

  it("is asked for a chunk when the client is ready for it, and not before", async () => {
    const made: number[] = [];
    const response = await run(function* (_environ, startResponse) {
      startResponse("200 OK", plain);
      for (let at = 0; at < 5; at++) {
        made.push(at);
        yield `${at}`;
      }
    });
    expect(made).toEqual([0]);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.read();
    expect(made).toEqual([0, 1]);
    await reader?.cancel();
  });
});

describe("S3.14 wsgiref's rules", () => {
  it("one chunk in a list gets a Content-Length", async () => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", plain);
      return ["é"];
    });
    expect(response.headers.get("content-length")).toBe("2");
  });

  it.each<[string, string[] | Iterable<string>]>([
    ["several chunks", ["a", "b"]],
    ["an iterable that is not a list", new Set(["a"])],
  ])("%s get no Content-Length", async (_what, chunks) => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", plain);
      return chunks;
    });
    expect(response.headers.has("content-length")).toBe(false);
    await response.body?.cancel();
  });

  it.each<[string, string[]]>([
    ["no chunk", []],
    ["an empty one", [""]],
    ["several empty ones", ["", ""]],
  ])("%s gets Content-Length: 0", async (_what, chunks) => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", plain);
      return chunks;
    });
    expect(response.headers.get("content-length")).toBe("0");
    expect(await response.text()).toBe("");
  });

  it("an application's own Content-Length stays", async () => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", [["Content-Length", "2"]]);
      return ["ab"];
    });
    expect(response.headers.get("content-length")).toBe("2");
  });

  it("a second startResponse is refused: Headers already set!", async () => {
    const twice: WsgiApplication = (_environ, startResponse) => {
      startResponse("200 OK", plain);
      startResponse("404 Not Found", plain);
      return [];
    };
    await expect(run(twice)).rejects.toThrow("Headers already set!");
  });

  it("with excInfo it replaces the head", async () => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", [["X-Old", "1"]]);
      startResponse("500 Oops", plain, new Error("what went wrong"));
      return ["sorry"];
    });
    expect([response.status, response.statusText]).toEqual([500, "Oops"]);
    expect(response.headers.has("x-old")).toBe(false);
  });

  it("with excInfo after the head, excInfo is thrown, and the body breaks off", async () => {
    const response = await run(function* (_environ, startResponse) {
      startResponse("200 OK", plain);
      yield "half";
      startResponse("500 Oops", plain, new Error("too late"));
    });
    await expect(response.text()).rejects.toThrow("too late");
  });

  it.each(["200", "OK", "", "2000 OK", "99 Low", "100 Continue", "200\tOK"])(
    "the status %j is refused",
    async (status) => {
      const application: WsgiApplication = (_environ, startResponse) => {
        startResponse(status, plain);
        return [];
      };
      await expect(run(application)).rejects.toThrow('is not like "200 OK"');
    },
  );

  it("header fields about the connection are refused", async () => {
    const application: WsgiApplication = (_environ, startResponse) => {
      startResponse("200 OK", [["Connection", "close"]]);
      return [];
    };
    await expect(run(application)).rejects.toThrow(/the header Connection concerns the connection/);
  });

  it("each Set-Cookie stays a field of its own", async () => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ]);
      return [];
    });
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("304 has no body, and no Content-Length that we made", async () => {
    const response = await run((_environ, startResponse) => {
      startResponse("304 Not Modified", []);
      return [];
    });
    expect([response.status, response.body, [...response.headers]]).toEqual([304, null, []]);
  });
});

describe("S3.12 an application that does not keep to WSGI", () => {
  it("never calls startResponse", async () => {
    await expect(run(() => ["hello"])).rejects.toThrow(
      "the application never called startResponse",
    );
    await expect(run(() => [])).rejects.toThrow("the application never called startResponse");
  });

  it("returns nothing", async () => {
    const nothing = ((_environ, startResponse) => {
      startResponse("200 OK", plain);
    }) as WsgiApplication;
    await expect(run(nothing)).rejects.toThrow("returned undefined, which is not iterable");
  });

  it("returns something that is not a chunk", async () => {
    const numbers = (() => [1, 2]) as unknown as WsgiApplication;
    await expect(run(numbers)).rejects.toThrow("a chunk of the response is of type number");
  });

  it.each([
    ["an object", { "Content-Type": "text/plain" }, "not a list of pairs"],
    ["a text", "Content-Type: text/plain", "not a list of pairs"],
    ["nothing", undefined, "not a list of pairs"],
    ["a list of texts", ["ab"], '"ab" is not a header'],
    ["a name alone", [["X-A"]], "is not a header"],
    ["three of them", [["X-A", "1", "2"]], "is not a header"],
    ["a number", [["Content-Length", 5]], "is not a header"],
    ["a value that is missing", [["X-A", undefined]], "is not a header"],
  ])("has %s for its headers", async (_what, headers, message) => {
    const application: WsgiApplication = (_environ, startResponse) => {
      startResponse("200 OK", headers as unknown as [string, string][]);
      return ["never sent"];
    };
    await expect(run(application)).rejects.toThrow(message);
  });

  it("takes a Map or Headers for its headers: they are pairs", async () => {
    for (const headers of [new Map([["x-a", "1"]]), new Headers({ "x-a": "1" })]) {
      const response = await run((_environ, startResponse) => {
        startResponse("200 OK", headers);
        return [];
      });
      expect(response.headers.get("x-a")).toBe("1");
    }
  });

  it("throws", async () => {
    const throwing: WsgiApplication = () => {
      throw new Error("my own");
    };
    await expect(run(throwing)).rejects.toThrow("my own");
  });
});
