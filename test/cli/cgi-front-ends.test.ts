import { afterAll, beforeAll, expect, it } from "vitest";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { describeWith } from "../harness/describe-with.js";
import { type CgiFrontEnd, startCgiFrontEnd } from "../harness/front-ends/cgi.js";
import { Peer } from "../harness/peer.js";

/** Variables of web servers that are not for a backend, and one that --env names. */
const settings = { DATABASE_PASSWORD: "secret", APP_ENV: "test" };

const frontEnds = [
  { name: "apache2", servers: ["apache2"] },
  { name: "lighttpd", servers: ["lighttpd"] },
  { name: "nginx", servers: ["nginx", "fcgiwrap"] },
] as const;

/** Sends a request with a Proxy header, which `fetch` could not. */
async function ask(
  front: CgiFrontEnd,
  body = "",
  framing = `Content-Length: ${body.length}`,
): Promise<Record<string, string>> {
  const { origin, pathname, port } = new URL(front.url);
  const peer = new Peer(origin).send(
    [
      `POST ${pathname}?a=%C3%A9 HTTP/1.1`,
      `Host: shop.example:${port}`,
      "Proxy: http://evil.example:3128",
      "X-Case: kept",
      "Content-Type: text/plain",
      framing,
      "Connection: close",
      `\r\n${body}`,
    ].join("\r\n"),
  );
  const answer = await peer.closed(20_000);
  const json = answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1);
  try {
    return JSON.parse(json);
  } catch {
    throw new Error(`no JSON: ${answer}`);
  }
}

for (const { name, servers } of frontEnds) {
  describeWith([...servers], `fcgi-probe bridge as a CGI program of ${name}`, () => {
    let backend: GatewayServer;
    let front: CgiFrontEnd;
    beforeAll(async () => {
      backend = await serve(
        async (request, { variables }) => {
          const all = [...variables].map(([key, value]) => [key, String(value)]);
          const url = request.url;
          return Response.json({ ...Object.fromEntries(all), url, body: await request.text() });
        },
        { listen: "127.0.0.1:0" },
      );
      const args = ["bridge", "--env", "APP_ENV", "--env", "NOT_SET", backend.address];
      front = await startCgiFrontEnd(name, args, "", settings);
    }, 60_000);
    afterAll(async () => {
      await front?.stop();
      await backend?.close();
    });

    it("forwards an upload without a length", async () => {
      const chunks = "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n";
      const { body, CONTENT_LENGTH } = await ask(front, chunks, "Transfer-Encoding: chunked");
      expect([body, CONTENT_LENGTH]).toEqual(["one two", "7"]);
    });

    it("forwards the request and the named variables, and nothing else", async () => {
      const { url, body, ...variables } = await ask(front, "hello");
      const { port, pathname } = new URL(front.url);
      expect([url, body]).toEqual([`http://shop.example:${port}${pathname}?a=%C3%A9`, "hello"]);
      expect(variables).toMatchObject({
        REQUEST_METHOD: "POST",
        QUERY_STRING: "a=%C3%A9",
        CONTENT_LENGTH: "5",
        CONTENT_TYPE: "text/plain",
        HTTP_X_CASE: "kept",
        APP_ENV: "test",
      });
      const { SCRIPT_FILENAME } = variables;
      expect(SCRIPT_FILENAME).toMatch(/\/run$/);
      for (const secret of ["DATABASE_PASSWORD", "HTTP_PROXY", "PATH", "PWD", "NOT_SET"]) {
        expect(variables).not.toHaveProperty(secret);
      }
    });
  });

  describeWith([...servers], `fcgi-probe serve --cgi as a CGI program of ${name}`, () => {
    const application = `const atLoad = process.env.HTTP_PROXY;
      export default (request, { variables }) => Response.json({
        atLoad: atLoad ?? "none",
        now: process.env.HTTP_PROXY ?? "none",
        variable: variables.get("HTTP_PROXY") ?? "none",
        header: request.headers.get("proxy") ?? "none",
        kept: request.headers.get("x-case"),
      });`;
    let front: CgiFrontEnd;
    beforeAll(async () => {
      front = await startCgiFrontEnd(name, ["serve", "--cgi", "application.mjs"], application, {});
    }, 60_000);
    afterAll(() => front?.stop());

    it("does not forward a client's Proxy header", async () => {
      expect(await ask(front)).toEqual({
        ...{ atLoad: "none", now: "none", variable: "none", header: "none" },
        kept: "kept",
      });
    });
  });
}
