import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromWsgi } from "../../src/server/adapters/wsgi.js";
import {
  type Context,
  compose,
  type HandlerLike,
  handlerOf,
  type Middleware,
} from "../../src/server/handler.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { describeWith } from "../harness/describe-with.js";
import type { FrontEnd } from "../harness/front-ends/front-end.js";
import { startNginxFront } from "../harness/front-ends/nginx.js";
import { freePort } from "../harness/ports.js";

/** A router that we did not write. What our servers call a context is its environment. */
const hono = new Hono<{ Bindings: Context }>();
hono.use(async (context, next) => {
  await next();
  context.header("x-middleware", "hono");
});
hono.get("/test/:name", (context) =>
  context.text(`${context.env.protocol} ${context.req.param("name")} ${context.req.query("q")}`),
);
hono.post("/test", async (context) => context.json(await context.req.json()));
hono.get("/fail", () => {
  throw new Error("the secret");
});

const wsgi = fromWsgi(async function* (environ, startResponse) {
  const body = await new Response(environ["wsgi.input"]).text();
  startResponse("200 OK", [["Content-Type", "text/plain"]]);
  yield `${environ.REQUEST_METHOD} ${environ.SCRIPT_NAME}|${environ.PATH_INFO} `;
  yield `?${environ.QUERY_STRING} ${environ.CONTENT_LENGTH} ${body}`;
});

const streams: HandlerLike = {
  async streams(variables, input, output) {
    const body = await new Response(input).text();
    const writer = output.getWriter();
    await writer.write("Status: 201 Made\nContent-Type: text/plain\n\n");
    await writer.write(`${variables.get("REQUEST_METHOD")} ${body}`);
  },
};

const marked: Middleware = (next) => async (request, context) => {
  const response = await next(request, context);
  response.headers.set("x-outer", "ours");
  return response;
};

const protocols = {
  fastcgi_pass: "fcgi",
  scgi_pass: "scgi",
  uwsgi_pass: "uwsgi",
  proxy_pass: "http",
} as const;

describeWith(["nginx"], "S3.18 any application on any server", () => {
  const servers: GatewayServer[] = [];
  let frontEnd: FrontEnd;
  /** What serves at the moment. */
  let application: HandlerLike;

  beforeAll(async () => {
    const routes = [];
    for (const [name, protocol] of Object.entries(protocols)) {
      const server = await serve((...request) => handlerOf(application)(...request), {
        listen: `${protocol}://127.0.0.1:0`,
        onErrorOutput: () => {},
      });
      servers.push(server);
      const backend = server.address.replace(/^\w+:\/\//, "");
      routes.push({ name, backend, port: await freePort() });
    }
    frontEnd = await startNginxFront(routes);
  });
  afterAll(async () => {
    await frontEnd?.stop();
    await Promise.all(servers.map((server) => server.close(0)));
  });

  for (const [way, protocol] of Object.entries(protocols)) {
    describe(`behind nginx's ${way}`, () => {
      const ask = (path: string, init: RequestInit = {}) =>
        fetch(frontEnd.urls.get(way) + path, init);

      it("S3.17 Hono routes", async () => {
        application = hono;
        const response = await ask("/test/caf%C3%A9?q=1");
        expect(await response.text()).toBe(`${protocol} café 1`);
        expect(response.headers.get("x-middleware")).toBe("hono");
      });

      it("S3.17 Hono reads bodies", async () => {
        application = hono;
        const body = JSON.stringify({ a: [1, 2] });
        expect(await (await ask("/test", { method: "POST", body })).text()).toBe(body);
      });

      it("S3.17 Hono answers 404 by default, and 500 for what throws", async () => {
        application = hono;
        const missing = await ask("/nowhere");
        expect([missing.status, await missing.text()]).toEqual([404, "404 Not Found"]);
        const failed = await ask("/fail");
        expect([failed.status, await failed.text()]).toEqual([500, "Internal Server Error"]);
      });

      it("S3.17 middleware of ours goes around a router that is not", async () => {
        application = compose(marked)((request, context) => hono.fetch(request, context));
        const response = await ask("/test/a?q=2");
        expect([response.headers.get("x-outer"), response.headers.get("x-middleware")]).toEqual([
          "ours",
          "hono",
        ]);
        expect(await response.text()).toBe(`${protocol} a 2`);
      });

      it("an application of WSGI", async () => {
        application = wsgi;
        const response = await ask("/a%20b?c=d", { method: "POST", body: "hello" });
        expect(await response.text()).toBe("POST |/a b ?c=d 5 hello");
      });

      it("an application of streams", async () => {
        application = streams;
        const response = await ask("/", { method: "PUT", body: "hello" });
        expect([response.status, await response.text()]).toEqual([201, "PUT hello"]);
      });
    });
  }
});
