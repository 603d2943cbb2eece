import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { StreamsHandler } from "../../src/server/handler.js";
import { showVariables } from "../../src/server/show-variables.js";
import { bytes } from "../bytes.js";
import { until } from "../harness/server-process.js";
import { serveScgi } from "./serving.js";
import { portOf, scgi, talk } from "./talk.js";

const { errors, output, start } = serveScgi();

describe("S2.10 an application of streams", () => {
  const streams = async (run: StreamsHandler, init: RequestInit = {}) => {
    const server = await start({ streams: run });
    return gatewayFetch(server.address, new Request("http://example.com/", init));
  };
  const write = async (output: WritableStream<string | Uint8Array>, ...chunks: string[]) => {
    const writer = output.getWriter();
    for (const chunk of chunks) await writer.write(chunk);
    writer.releaseLock();
  };

  it("gets the variables and the body, and writes a CGI response", async () => {
    const response = await streams(
      async (variables, input, output, context) => {
        const body = await new Response(input).text();
        context.errors.write("logged\n");
        const sent = `${variables.get("REQUEST_METHOD")} ${variables.get("CONTENT_LENGTH")} ${body}`;
        await write(output, "Status: 201 Made\r\nX-A: 1\r\n", "\r\nyou sent ", sent);
      },
      { method: "POST", body: "hello" },
    );
    expect([response.status, response.statusText, response.headers.get("x-a")]).toEqual([
      201,
      "Made",
      "1",
    ]);
    expect(await response.text()).toBe("you sent POST 5 hello");
    expect(output()).toBe("logged\n");
  });

  it("sends what is written at once", async () => {
    let finish = () => {};
    const response = await streams(async (_variables, _input, output) => {
      await write(output, "Content-Type: text/plain\n\nfirst ");
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await write(output, "second");
    });
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first ");
    finish();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("second");
  });

  it("need not await its writes, and may close its output or not", async () => {
    const response = await streams(async (_variables, _input, output) => {
      const writer = output.getWriter();
      for (const chunk of ["A: 1\n\n", "one ", "two ", "three"]) void writer.write(chunk);
    });
    expect(await response.text()).toBe("one two three");
    const piped = await streams(async (_variables, _input, output) => {
      await new Response("A: 1\n\npiped").body?.pipeTo(output);
    });
    expect(await piped.text()).toBe("piped");
  });

  it.each<[string, StreamsHandler]>([
    ["writes nothing", () => {}],
    ["writes half a head", (_variables, _input, output) => write(output, "Content-Type: te")],
    ["writes no head", (_variables, _input, output) => write(output, "hello\n\n")],
    ["throws", () => Promise.reject(new Error("mine"))],
    ["aborts", (_variables, _input, output) => output.abort(new Error("mine"))],
  ])("that %s is answered with 500", async (_what, run) => {
    const response = await streams(run);
    expect([response.status, await response.text()]).toEqual([500, "Internal Server Error\n"]);
    expect(errors).toHaveLength(1);
  });

  it("that fails after its head breaks the response off", async () => {
    const response = await streams(async (_variables, _input, output) => {
      await write(output, "A: 1\n\n", "half");
      throw new Error("mine");
    });
    response.ended.catch(() => {});
    await expect(response.text()).rejects.toMatchObject({ code: "truncated" });
    expect(errors).toMatchObject([{ message: "mine" }]);
  });

  it("writes no faster than the client reads, and fails when the client has left", async () => {
    let written = 0;
    let failure: unknown;
    const server = await start({
      async streams(_variables, _input, output) {
        const writer = output.getWriter();
        await writer.write("A: 1\n\n");
        try {
          for (; written < 10_000; written++) await writer.write(new Uint8Array(65_536));
        } catch (error) {
          failure = error;
        }
      },
    });
    const socket = net.connect({ port: portOf(server), host: "127.0.0.1" });
    socket.pause().write(scgi(""));
    await until(
      () => written > 0,
      () => "nothing was written",
    );
    await sleep(200);
    const before = written;
    await sleep(50);
    expect(written).toBe(before);
    expect(written).toBeLessThan(500);
    socket.resetAndDestroy();
    await until(
      () => failure !== undefined,
      () => `the application still writes: ${written}`,
    );
    expect(failure).toMatchObject({ code: "aborted" });
  });

  it("gets an error for a body that is not read, and the client of HEAD its head", async () => {
    let failure: unknown;
    const response = await streams(
      async (_variables, _input, output) => {
        await write(output, "A: 1\n\n", "some", "of", "it").catch((error: unknown) => {
          failure = error;
        });
      },
      { method: "HEAD" },
    );
    expect([response.headers.get("a"), await response.text()]).toEqual(["1", ""]);
    expect(failure).toMatchObject({ code: "aborted" });
    expect(errors).toEqual([]);
  });
});

describe("S2.10 an application of connections", () => {
  it("speaks a protocol of its own, and its connection is closed when it settles", async () => {
    const server = await start({
      connection: async (socket) => {
        const [data] = await once(socket, "data");
        socket.write(`you said ${data}`);
      },
    });
    expect(await talk(server, "hello")).toEqual({ answer: "you said hello", reset: false });
    await until(
      () => server.connections === 0,
      () => "the connection is left",
    );
    expect(server.counts).toMatchObject({ connections: 1, requests: 0, errors: 0 });
  });

  it("has precedence over streams, and streams over fetch", async () => {
    const fetch = () => new Response("fetch");
    const streams: StreamsHandler = async (_variables, _input, output) => {
      const writer = output.getWriter();
      await writer.write("A: 1\n\nstreams");
    };
    const connection = (socket: net.Socket) => void socket.write("connection");
    expect((await talk(await start({ fetch }), scgi(""))).answer).toMatch(/fetch$/);
    expect((await talk(await start({ fetch, streams }), scgi(""))).answer).toMatch(/streams$/);
    const lowest = await start({ fetch, streams, connection });
    expect((await talk(lowest, scgi(""))).answer).toBe("connection");
  });

  it("that fails is reported, and its connection broken off", async () => {
    const server = await start({ connection: () => Promise.reject(new Error("mine")) });
    await talk(server, "");
    expect(errors).toMatchObject([{ message: "mine" }]);
    await until(
      () => server.connections === 0,
      () => "the connection is left",
    );
  });

  it("is notified when the server closes, and the server waits for it", async () => {
    const server = await start({
      connection: async (socket, { signal }) => {
        await once(signal, "abort");
        socket.write("goodbye");
      },
    });
    const talked = talk(server, "");
    await until(
      () => server.connections === 1,
      () => "not accepted",
    );
    const closed = server.close();
    expect((await talked).answer).toBe("goodbye");
    await closed;
  });

  it("that never ends is cut when the server has waited long enough", async () => {
    const server = await start({ connection: () => new Promise(() => {}) });
    const talked = talk(server, "");
    await until(
      () => server.connections === 1,
      () => "not accepted",
    );
    await server.close(50);
    expect((await talked).answer).toBe("");
  });
});

describe("S2.11 showVariables", () => {
  it("answers with the variables of the request, one on a line", async () => {
    const server = await start(showVariables);
    const headers =
      "CONTENT_LENGTH\x000\0SCGI\x001\0A\0it's\0B\0\"it's\"\0C\0\\\t\n\xe9\x7f\0D\0\0";
    const { answer } = await talk(server, bytes(`${headers.length}:${headers},`));
    expect(answer).toBe(
      [
        "Status: 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 79\r\n\r\n",
        "CONTENT_LENGTH: '0'\nSCGI: '1'\nA: \"it's\"\n",
        "B: '\"it\\'s\"'\nC: '\\\\\\t\\n\\xe9\\x7f'\nD: ''\n",
      ].join(""),
    );
  });
});
