import { describe, expect, it } from "vitest";
import { Protocol } from "../../../src/address.js";
import type { Variable } from "../../../src/cgi/variable.js";
import { fromWsgi, type WsgiApplication } from "../../../src/server/adapters/wsgi.js";
import type { WsgiEnviron } from "../../../src/server/adapters/wsgi-environ.js";
import { bytes } from "../../bytes.js";
import { until } from "../../harness/server-process.js";
import { makeContext } from "../context.js";

const url = "http://example.com/a%20b?c=d";
const plain = [["Content-Type", "text/plain"]] as const;

async function run(
  application: WsgiApplication,
  variables: Variable[] = [],
  init: RequestInit = {},
): Promise<Response> {
  return fromWsgi(application)(new Request(url, init), makeContext(variables));
}

async function environOf(
  variables: Variable[],
  init?: RequestInit,
  protocol: Protocol = Protocol.Scgi,
): Promise<WsgiEnviron> {
  let seen: WsgiEnviron | undefined;
  const handler = fromWsgi((environ, startResponse) => {
    seen = environ;
    startResponse("200 OK", []);
    return [];
  });
  await handler(new Request(url, init), makeContext(variables, { protocol }));
  return seen as WsgiEnviron;
}

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
    ["an iterable that is no list", new Set(["a"])],
  ])("%s get none", async (_what, chunks) => {
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

  it("with excInfo behind the head, excInfo is thrown, and the body breaks off", async () => {
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
    await expect(run(application)).rejects.toThrow(/the header Connection is about the connection/);
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

  it("returns something that is no chunk", async () => {
    const numbers = (() => [1, 2]) as unknown as WsgiApplication;
    await expect(run(numbers)).rejects.toThrow("gave number for a chunk");
  });

  it.each([
    ["an object", { "Content-Type": "text/plain" }, "not a list of pairs"],
    ["a text", "Content-Type: text/plain", "not a list of pairs"],
    ["nothing", undefined, "not a list of pairs"],
    ["a list of texts", ["ab"], '"ab" is no header'],
    ["a name alone", [["X-A"]], "is no header"],
    ["three of them", [["X-A", "1", "2"]], "is no header"],
    ["a number", [["Content-Length", 5]], "is no header"],
    ["a value that is missing", [["X-A", undefined]], "is no header"],
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

describe("close()", () => {
  /** Two chunks, and a record of how they were closed. */
  function closing(events: string[], fail = false): WsgiApplication {
    return (_environ, startResponse) => {
      startResponse("200 OK", plain);
      return {
        *[Symbol.iterator]() {
          try {
            yield "a";
            if (fail) throw new Error("between chunks");
            yield "b";
          } finally {
            events.push("iterator");
          }
        },
        close: () => void events.push("close"),
      };
    };
  }

  it("S3.14 is called behind the last chunk, once", async () => {
    const events: string[] = [];
    const response = await run(closing(events));
    expect(events).toEqual([]);
    await response.text();
    expect(events).toEqual(["iterator", "close"]);
  });

  it("is called when the client has gone", async () => {
    const events: string[] = [];
    const response = await run(closing(events));
    await response.body?.cancel();
    expect(events).toEqual(["iterator", "close"]);
  });

  it("is called when a chunk fails", async () => {
    const events: string[] = [];
    const response = await run(closing(events, true));
    await expect(response.text()).rejects.toThrow("between chunks");
    expect(events).toEqual(["iterator", "close"]);
  });

  it.each([
    ["behind the last chunk", [], ["a", "b"], "ab"],
    ["behind the only chunk", [], ["ab"], "ab"],
    ["where there is no chunk", [["Content-Length", "0"]], [], ""],
  ] as const)("that throws is logged, and leaves the answer whole: %s", async (...given) => {
    const [, headers, chunks, text] = given;
    const context = makeContext();
    const application: WsgiApplication = (_environ, startResponse) => {
      startResponse("200 OK", headers);
      return Object.assign([...chunks], { close: () => Promise.reject(new Error("late")) });
    };
    const response = await fromWsgi(application)(new Request(url), context);
    expect([response.status, await response.text()]).toEqual([200, text]);
    expect(context.logged).toEqual([expect.stringMatching(/^close of a WSGI result: Error: late/)]);
  });

  it("that throws is logged where nobody takes the body, too", async () => {
    for (const status of ["200 OK", "304 Not Modified"]) {
      const context = makeContext();
      const application: WsgiApplication = (_environ, startResponse) => {
        startResponse(status, []);
        const close = () => {
          throw new Error("late");
        };
        return Object.assign(["a", "b"], { close });
      };
      const response = await fromWsgi(application)(new Request(url), context);
      await response.body?.cancel();
      await until(
        () => context.logged.length === 1,
        () => `logged ${context.logged}`,
      );
    }
  });

  it("that throws does not hide what went wrong before", async () => {
    const context = makeContext();
    const application: WsgiApplication = () => {
      const close = () => {
        throw new Error("late");
      };
      return Object.assign(["a"], { close });
    };
    const response = fromWsgi(application)(new Request(url), context);
    await expect(response).rejects.toThrow("never called startResponse");
    expect(context.logged).toEqual([expect.stringContaining("Error: late")]);
  });

  it("is called when startResponse never was", async () => {
    const events: string[] = [];
    const chunks = Object.assign(["a"], { close: () => void events.push("close") });
    await expect(run(() => chunks)).rejects.toThrow("never called startResponse");
    expect(events).toEqual(["close"]);
  });
});

describe("S3.15 write()", () => {
  it("comes before the chunks", async () => {
    const response = await run((_environ, startResponse) => {
      const write = startResponse("200 OK", plain);
      write("first ");
      return ["second"];
    });
    expect(response.headers.has("content-length")).toBe(false);
    expect(await response.text()).toBe("first second");
  });

  it("sends the head, and its chunk, at once", async () => {
    let finish = () => {};
    const response = await run(async (_environ, startResponse) => {
      startResponse("200 OK", plain)("first ");
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return ["second"];
    });
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first ");
    finish();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("second");
    expect((await reader?.read())?.done).toBe(true);
  });

  it("keeps its place among chunks", async () => {
    const response = await run(function* (_environ, startResponse) {
      const write = startResponse("200 OK", plain);
      yield "1";
      write("2");
      yield "3";
      write("4");
    });
    expect(await response.text()).toBe("1234");
  });

  it("breaks the body off when the application fails behind it", async () => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", plain)("first");
      throw new Error("behind it");
    });
    await expect(response.text()).rejects.toThrow("behind it");
  });
});

describe("S3.16 the environ", () => {
  it("has what WSGI asks for", async () => {
    const context = makeContext();
    let seen: WsgiEnviron | undefined;
    await fromWsgi((environ, startResponse) => {
      seen = environ;
      startResponse("200 OK", []);
      return [];
    })(new Request(url, { method: "POST", body: "hello" }), context);
    expect(seen).toMatchObject({
      REQUEST_METHOD: "POST",
      SCRIPT_NAME: "",
      PATH_INFO: "/a b",
      QUERY_STRING: "c=d",
      SERVER_NAME: "example.com",
      SERVER_PORT: "80",
      SERVER_PROTOCOL: "HTTP/1.1",
      "wsgi.version": [1, 0],
      "wsgi.url_scheme": "http",
      "wsgi.errors": context.errors,
      "wsgi.multithread": false,
      "wsgi.multiprocess": true,
      "wsgi.run_once": false,
    });
    expect(await new Response(seen?.["wsgi.input"] as ReadableStream).text()).toBe("hello");
  });

  it("S3.13 has CONTENT_TYPE and CONTENT_LENGTH, empty, when the request has none", async () => {
    expect(await environOf([])).toMatchObject({ CONTENT_TYPE: "", CONTENT_LENGTH: "" });
    const input = (await environOf([]))["wsgi.input"];
    expect(await new Response(input).text()).toBe("");
  });

  it("has the variables, in byte strings, and no prototype", async () => {
    const environ = await environOf([
      ["HTTP_X_NAME", bytes("\xe9")],
      ["HTTP_TWICE", "1"],
      ["HTTP_TWICE", "2"],
      ["__proto__", "own"],
      ["SERVER_NAME", "named"],
    ]);
    expect(environ).toMatchObject({ HTTP_X_NAME: "\xe9", HTTP_TWICE: "2", SERVER_NAME: "named" });
    expect(Object.getPrototypeOf(environ)).toBeNull();
    expect(Object.getOwnPropertyDescriptor(environ, "__proto__")?.value).toBe("own");
    expect("toString" in environ).toBe(false);
  });

  it("has the mount point and the rest of the path as the front end splits it", async () => {
    const variables: Variable[] = [
      ["SCRIPT_NAME", "/mount"],
      ["PATH_INFO", "/rest"],
    ];
    expect(await environOf(variables)).toMatchObject({ SCRIPT_NAME: "/mount", PATH_INFO: "/rest" });
  });

  it("S3.B has the whole path in PATH_INFO where the front end says none", async () => {
    const environ = await environOf([["SCRIPT_NAME", "/a b"]]);
    expect(environ).toMatchObject({ SCRIPT_NAME: "", PATH_INFO: "/a b" });
  });

  it("of a CGI program is the server's own, and says that it runs once", async () => {
    const variables: Variable[] = [["SCRIPT_NAME", "/cgi-bin/app"]];
    const environ = await environOf(variables, {}, Protocol.Cgi);
    expect(environ).toMatchObject({
      SCRIPT_NAME: "/cgi-bin/app",
      PATH_INFO: "",
      "wsgi.run_once": true,
    });
  });

  it("has no HTTP_PROXY", async () => {
    expect("HTTP_PROXY" in (await environOf([["HTTP_PROXY", "http://evil"]]))).toBe(false);
  });
});
