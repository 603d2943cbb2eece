import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { fromWsgi } from "../../src/server/adapters/wsgi.js";
import { compose, type HandlerLike, handlerOf } from "../../src/server/handler.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { serveCgi } from "../../src/server/serve-cgi.js";
import { until } from "../harness/server-process.js";
import { requestWith, sendAndRead } from "./requests-of.js";

const servers: GatewayServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

const errors: string[] = [];

/** Serves one request, given as bytes, and returns the answer. */
async function ask(protocol: string, application: HandlerLike, bytes: Uint8Array) {
  errors.length = 0;
  const onError = (error: unknown): void => void errors.push(String(error));
  const listen = `${protocol}://127.0.0.1:0`;
  const server = await serve(application, { listen, onError, onErrorOutput: () => {} });
  servers.push(server);
  return sendAndRead(Number(server.address.split(":").at(-1)), bytes);
}

const streams: HandlerLike = {
  async streams(variables, input, output) {
    const body = await new Response(input).text();
    const method = variables.get("REQUEST_METHOD") ?? "none";
    await output.getWriter().write(`X-Seen: ${method} ${body}.\n\n`);
  },
};
const wsgi: HandlerLike = fromWsgi(async (environ, startResponse) => {
  const body = await new Response(environ["wsgi.input"]).text();
  startResponse("200 OK", [["X-Seen", `${environ.REQUEST_METHOD} ${body}.`]]);
  return [];
});
const plain = compose((next) => (request, context) => next(request, context));
const wrapped = (application: HandlerLike): HandlerLike => plain(handlerOf(application));
const fetched: HandlerLike = async (_request, { input, variables }) => {
  const body = await new Response(input).text();
  return new Response(null, {
    headers: { "x-seen": `${variables.get("REQUEST_METHOD")} ${body}.` },
  });
};

const below: readonly [name: string, application: HandlerLike][] = [
  ["streams", streams],
  ["WSGI", wsgi],
  ["streams inside a middleware", wrapped(streams)],
  ["WSGI inside a middleware", wrapped(wsgi)],
];
const gateways = ["fcgi", "scgi", "uwsgi"] as const;
const everywhere = gateways.flatMap((protocol) =>
  below.map(([name, application]) => [protocol, name, application] as const),
);

describe("an application below Fetch", () => {
  it.each(everywhere)("gets the body of a GET: %s, %s", async (protocol, _name, application) => {
    const request = requestWith(protocol, { REQUEST_METHOD: "GET", REQUEST_URI: "/" }, "query");
    expect(await ask(protocol, application, request)).toMatch(/x-seen: GET query\.\r\n/);
  });

  it.each(everywhere)("gets the body of a request without a method: %s, %s", async (...given) => {
    const [protocol, name, application] = given;
    const answer = await ask(protocol, application, requestWith(protocol, {}, "body"));
    const method = name.startsWith("WSGI") ? "GET" : "none";
    expect(answer).toMatch(new RegExp(`x-seen: ${method} body\\.\r\n`));
  });

  it.each(below)("gets nothing where nothing was sent: %s", async (_name, application) => {
    const request = requestWith("fcgi", { REQUEST_METHOD: "GET", REQUEST_URI: "/" });
    expect(await ask("fcgi", application, request)).toMatch(/x-seen: GET \.\r\n/);
  });

  it.each(below)("gets the body of a GET over HTTP: %s", async (_name, application) => {
    const head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    const counted = Buffer.from(`${head}Content-Length: 5\r\n\r\nquery`);
    expect(await ask("http", application, counted)).toMatch(/x-seen: GET query\.\r\n/);
    const chunked = Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nquery\r\n0\r\n\r\n`);
    expect(await ask("http", application, chunked)).toMatch(/x-seen: GET query\.\r\n/);
  });

  it.each(below)("gets the body of a GET as a CGI program: %s", async (_name, application) => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const env = { REQUEST_METHOD: "GET", REQUEST_URI: "/", CONTENT_LENGTH: "5" };
    stdin.write("query");
    await serveCgi(application, { env, stdin, stdout, stderr: new PassThrough() });
    expect(String(stdout.read())).toMatch(/x-seen: GET query\.\r\n/);
  });

  it("may be a Fetch handler that reads the context's input", async () => {
    const request = requestWith("scgi", { REQUEST_METHOD: "GET", REQUEST_URI: "/" }, "query");
    expect(await ask("scgi", fetched, request)).toMatch(/x-seen: GET query\.\r\n/);
    const posted = requestWith("scgi", { REQUEST_METHOD: "POST", REQUEST_URI: "/" }, "posted");
    expect(await ask("scgi", fetched, posted)).toMatch(/x-seen: POST posted\.\r\n/);
  });

  it.each([
    ["streams", streams],
    ["WSGI", wsgi],
  ])("gets what no Request can carry: %s", async (_name, application) => {
    const trace = requestWith("scgi", { REQUEST_METHOD: "TRACE", REQUEST_URI: "/" }, "body");
    expect(await ask("scgi", application, trace)).toMatch(/x-seen: TRACE body\.\r\n/);
    expect(errors).toEqual([]);
  });

  it("gets a request with an invalid Host; a WSGI application needs a valid URL", async () => {
    const request = requestWith("scgi", { REQUEST_METHOD: "GET", HTTP_HOST: "a/b@c" });
    expect(await ask("scgi", streams, request)).toMatch(/x-seen: GET \.\r\n/);
    expect(await ask("scgi", wsgi, request)).toMatch(/^Status: 400/);
  });

  it.each([...below, ["Fetch", fetched] as const])(
    "never gets a body whose length is not a number: %s",
    async (_name, application) => {
      const variables = { REQUEST_METHOD: "POST", REQUEST_URI: "/", CONTENT_LENGTH: "many" };
      const answer = await ask("fcgi", application, requestWith("fcgi", variables));
      expect(answer).toMatch(/Status: 400 Bad Request/);
    },
  );

  it("gets the body that a middleware substitutes", async () => {
    const upper = compose((next) => async (request, context) => {
      const text = (await request.text()).toUpperCase();
      return next(new Request(request, { body: text }), context);
    });
    const request = requestWith("scgi", { REQUEST_METHOD: "POST", REQUEST_URI: "/" }, "posted");
    for (const application of [streams, wsgi]) {
      const answer = await ask("scgi", upper(handlerOf(application)), request);
      expect(answer).toMatch(/x-seen: POST POSTED\.\r\n/);
    }
  });
});

describe("an error that a handler throws", () => {
  it("is never answered as the client's fault", async () => {
    const request = requestWith("scgi", { REQUEST_METHOD: "GET", REQUEST_URI: "/" });
    const nothing = (): never => {
      throw undefined;
    };
    expect(await ask("scgi", nothing, request)).toMatch(/^Status: 500/);
  });
});

describe("what is written to the error stream", () => {
  it.each(["fcgi", "scgi", "uwsgi"] as const)(
    "after the answer goes to the server's own log: %s",
    async (protocol) => {
      let own = "";
      let isWritten = false;
      const handler: HandlerLike = (_request, { errors: log, finished }) => {
        void finished.then(() => {
          log.write("after it\n");
          isWritten = true;
        });
        return new Response("answer");
      };
      const server = await serve(handler, {
        listen: `${protocol}://127.0.0.1:0`,
        onErrorOutput: (bytes) => {
          own += Buffer.from(bytes).toString();
        },
      });
      servers.push(server);
      const request = requestWith(protocol, { REQUEST_METHOD: "GET", REQUEST_URI: "/" });
      await sendAndRead(Number(server.address.split(":").at(-1)), request);
      await until(
        () => isWritten,
        () => "nothing was written",
      );
      expect(own).toBe("after it\n");
    },
  );
});
