import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { fromWsgi } from "../../src/server/adapters/wsgi.js";
import type { HandlerLike } from "../../src/server/handler.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { serveCgi } from "../../src/server/serve-cgi.js";

const servers: GatewayServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

interface Seen {
  status: number;
  /** The Content-Length of the head, as received. */
  length: string | null;
  body: string;
  /** Messages of the log. */
  errors: string[];
}

async function over(
  protocol: string,
  application: HandlerLike,
  method: "GET" | "HEAD",
): Promise<Seen> {
  if (protocol === "cgi") return asCgi(application, method);
  const errors: string[] = [];
  const onError = (error: unknown): void => void errors.push((error as Error).message);
  const listen = `${protocol}://127.0.0.1:0`;
  const server = await serve(application, {
    listen,
    lazyFetch: true,
    onError,
    onErrorOutput: () => {},
  });
  servers.push(server);
  const ask = protocol === "http" ? fetch : gatewayFetch.bind(undefined, server.address);
  const url = protocol === "http" ? server.address : "http://app.test/";
  const response = await ask(new Request(url, { method }));
  const length = response.headers.get("content-length");
  return { status: response.status, length, body: await response.text(), errors };
}

async function asCgi(application: HandlerLike, method: string): Promise<Seen> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const env = { REQUEST_METHOD: method, REQUEST_URI: "/" };
  await serveCgi(application, { env, stdin: new PassThrough().end(), stdout, stderr });
  const [head = "", body = ""] = textOf(stdout).split("\r\n\r\n");
  const length = /^content-length: (.*)$/m.exec(head)?.[1] ?? null;
  const errors = textOf(stderr).split("\n").slice(0, -1);
  return { status: Number(/^Status: (\d+)/.exec(head)?.[1]), length, body, errors };
}

/** All that waits in a stream. Node 26 reads a chunk at a time. */
function textOf(stream: PassThrough): string {
  let text = "";
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += chunk;
  return text;
}

const served = ["fcgi", "scgi", "uwsgi", "http", "cgi"];
const stating = (length: string) => ({ headers: { "content-length": length } });
const accents = "déjà vu";
const bytes = new TextEncoder().encode(accents);
/** The runtime's own class: servers with `lazyFetch` replace the global. */
const RuntimeResponse = globalThis.Response;

/** Ways to send 9 bytes with a length that is wrong. */
const wrong: Record<string, (length: string) => HandlerLike> = {
  text: (length) => () => new RuntimeResponse(accents, stating(length)),
  bytes: (length) => () => new RuntimeResponse(bytes, stating(length)),
  "lazy text": (length) => () => new Response(accents, stating(length)),
  "lazy bytes": (length) => () => new Response(bytes, stating(length)),
  "a stream of one chunk": (length) => () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    return new Response(body, stating(length));
  },
  WSGI: (length) =>
    fromWsgi((_, startResponse) => {
      startResponse("200 OK", [["Content-Length", length]]);
      return [bytes];
    }),
  streams: (length) => ({
    async streams(_variables, _input, output) {
      const writer = output.getWriter();
      await writer.write(`Content-Length: ${length}\n\n${accents}`);
    },
  }),
};

describe("a wrong Content-Length of a complete body", () => {
  const mistakes = served.flatMap((protocol) =>
    Object.keys(wrong).map((kind) => [protocol, kind] as const),
  );
  it.each(mistakes)("is a 500, and a line in the log: %s, %s", async (protocol, kind) => {
    for (const length of [`${accents.length}`, "100", "0"]) {
      const handler = (wrong[kind] as (length: string) => HandlerLike)(length);
      const seen = await over(protocol, handler, "GET");
      expect(seen).toMatchObject({ status: 500, body: "Internal Server Error\n", length: "22" });
      const message = `the response's body has 9 bytes, and its Content-Length is ${length}`;
      expect(seen.errors).toEqual([expect.stringContaining(message)]);
    }
  });

  it.each(served)("of nothing: %s", async (protocol) => {
    for (const body of ["", null, new Uint8Array(0)]) {
      const seen = await over(protocol, () => new Response(body, stating("5")), "GET");
      expect(seen).toMatchObject({ status: 500, errors: [expect.stringContaining("0 bytes")] });
    }
  });

  it.each(served)("is sent unchanged if it is right: %s", async (protocol) => {
    const seen = await over(protocol, () => new RuntimeResponse(accents, stating("9")), "GET");
    expect(seen).toEqual({ status: 200, body: accents, length: "9", errors: [] });
  });
});

describe("a Content-Length that is not a number", () => {
  const texts = ["nine", "", "-1", "9.0", "9, 9", "1e3", "99999999999999999999"];
  it.each(served)("is a 500, and a line in the log: %s", async (protocol) => {
    for (const text of texts) {
      for (const status of [200, 304]) {
        const handler = () => new Response(null, { status, ...stating(text) });
        const seen = await over(protocol, handler, "GET");
        expect(seen.status).toBe(500);
        expect(seen.errors).toEqual([expect.stringContaining("not a number of bytes")]);
      }
    }
  });

  it.each(["streams", "WSGI"])("is refused from applications below Fetch: %s", async (kind) => {
    for (const text of texts) {
      const handler = (wrong[kind] as (length: string) => HandlerLike)(text);
      const seen = await over("scgi", handler, "GET");
      expect(seen.status).toBe(500);
      expect(seen.errors).toEqual([expect.stringContaining("not a number of bytes")]);
    }
  });

  it("is refused when it appears twice with different values", async () => {
    const twice = (lengths: string[]): HandlerLike => ({
      async streams(_variables, _input, output) {
        const fields = lengths.map((length) => `Content-Length: ${length}\n`).join("");
        await output.getWriter().write(`${fields}\n${accents}`);
      },
    });
    expect((await over("fcgi", twice(["9", "8"]), "GET")).status).toBe(500);
    expect((await over("fcgi", twice(["9", "9"]), "GET")).status).toBe(200);
  });

  it("cancels the response's body", async () => {
    let reason: unknown = "not cancelled";
    const body = () =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(bytes),
        cancel: (why) => {
          reason = why;
        },
      });
    const seen = await over("http", () => new Response(body(), stating("many")), "GET");
    expect([seen.status, reason]).toEqual([500, undefined]);
  });
});

describe("a response without a body", () => {
  it.each(served)(
    "has no Content-Length, or 0, whatever the handler says: %s",
    async (protocol) => {
      for (const [status, length] of [
        [204, null],
        [205, "0"],
        [304, null],
      ] as const) {
        for (const said of [{}, stating("0"), stating("5")]) {
          const seen = await over(protocol, () => new Response(null, { status, ...said }), "GET");
          expect(seen).toEqual({ status, length, body: "", errors: [] });
        }
      }
    },
  );

  it.each(served)("to HEAD states the length that GET would have: %s", async (protocol) => {
    const head = (response: () => Response) => over(protocol, response, "HEAD");
    const stated = await head(() => new Response(null, stating("1000")));
    expect(stated).toEqual({ status: 200, length: "1000", body: "", errors: [] });
    const measured = await head(() => new Response(accents));
    expect(measured).toEqual({ status: 200, length: "9", body: "", errors: [] });
    const unknown = await head(() => new Response(null));
    expect(unknown).toEqual({ status: 200, length: null, body: "", errors: [] });
    // GET would be a 500.
    const wrong = await head(() => new RuntimeResponse(accents, stating("7")));
    expect(wrong).toMatchObject({ status: 500, body: "", errors: [expect.any(String)] });
  });

  const fields = ["X-Accel-Redirect", "X-Sendfile", "X-LIGHTTPD-send-file", "X-Reproxy-URL"];
  it.each(served)("may leave a file, and its length, to the front end: %s", async (protocol) => {
    for (const field of fields) {
      const headers = { [field]: "/files/1", "content-length": "12345" };
      for (const body of [null, "", new Uint8Array(0)]) {
        const seen = await over(protocol, () => new Response(body, { headers }), "GET");
        expect(seen).toEqual({ status: 200, length: "0", body: "", errors: [] });
      }
      const head = await over(protocol, () => new Response(null, { headers }), "HEAD");
      expect(head).toEqual({ status: 200, length: "12345", body: "", errors: [] });
      const wsgi = fromWsgi((_, startResponse) => {
        startResponse("200 OK", Object.entries(headers));
        return [];
      });
      expect(await over(protocol, wsgi, "GET")).toMatchObject({ status: 200, length: "0" });
    }
    const headers = { "x-sendfile": "/files/1", "content-length": "12345" };
    const wrong = await over(protocol, () => new Response(accents, { headers }), "GET");
    expect(wrong).toMatchObject({ status: 500, errors: [expect.any(String)] });
  });
});
