import { describe, expect, it } from "vitest";
import { fromWsgi, type WsgiApplication } from "../../../src/server/adapters/wsgi.js";
import { until } from "../../harness/server-process.js";
import { makeContext } from "../context.js";
import { plain, run, url } from "./run-wsgi.js";

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

  it("S3.14 is called once, after the last chunk", async () => {
    const events: string[] = [];
    const response = await run(closing(events));
    expect(events).toEqual([]);
    await response.text();
    expect(events).toEqual(["iterator", "close"]);
  });

  it("is called when the client has left", async () => {
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
    ["after the last chunk", [], ["a", "b"], "ab"],
    ["after the only chunk", [], ["ab"], "ab"],
    ["where there is no chunk", [["Content-Length", "0"]], [], ""],
  ] as const)("that throws is logged, and the answer is complete: %s", async (...given) => {
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

  it("that throws is logged even if the body is not read", async () => {
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

  it("breaks the body off when the application fails after it", async () => {
    const response = await run((_environ, startResponse) => {
      startResponse("200 OK", plain)("first");
      throw new Error("after it");
    });
    await expect(response.text()).rejects.toThrow("after it");
  });
});
