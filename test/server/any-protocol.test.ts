import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { Handler } from "../../src/server/handler.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { makeFolder } from "../harness/server-process.js";

const module = new URL("any-protocol.mjs", import.meta.url).href;
const folder = makeFolder();
const servers = new Map<string, GatewayServer>();
const program = join(folder, "program.mjs");

beforeAll(async () => {
  const { default: handler } = (await import(module)) as { default: Handler };
  for (const protocol of ["fcgi", "scgi", "uwsgi", "http"]) {
    const listen = `${protocol}://127.0.0.1:0`;
    servers.set(protocol, await serve(handler, { listen, onErrorOutput: () => {} }));
  }
  const source = [
    `#!${process.execPath}`,
    `import { serveCgi } from ${JSON.stringify(new URL("../../dist/server.js", import.meta.url).href)};`,
    `import handler from ${JSON.stringify(module)};`,
    "process.exitCode = await serveCgi(handler);",
  ];
  writeFileSync(program, source.join("\n"));
  chmodSync(program, 0o755);
});
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.close(0)));
  rmSync(folder, { recursive: true, force: true });
});

/** One host for all clients, so that their URLs are the same. */
const origin = () => servers.get("http")?.address as string;

const clients: Record<string, (request: Request) => Promise<Response>> = {
  cgi: (request) => gatewayFetch(`cgi:${program}`, request),
  fcgi: (request) => gatewayFetch(servers.get("fcgi")?.address as string, request),
  scgi: (request) => gatewayFetch(servers.get("scgi")?.address as string, request),
  uwsgi: (request) => gatewayFetch(servers.get("uwsgi")?.address as string, request),
  http: (request) => fetch(request),
};

const TOLD = ["content-type", "etag", "location", "x-latin"];

/** What a client sees of a response, without the fields of the transport. */
async function seen(
  client: (request: Request) => Promise<Response>,
  path: string,
  init: RequestInit,
) {
  const response = await client(new Request(origin() + path, { redirect: "manual", ...init }));
  const body = Buffer.from(await response.arrayBuffer());
  const isShort = body.length < 10_000;
  return {
    status: response.status,
    statusText: response.statusText,
    headers: TOLD.map((name) => response.headers.get(name)),
    cookies: response.headers.getSetCookie(),
    body: isShort ? body.toString("latin1") : [body.length, body.indexOf(1), body.at(-1)],
  };
}

const binary = new Uint8Array(1_000_000).map((_, at) => at * 7);
const requests: [name: string, path: string, init: RequestInit, expected: object][] = [
  [
    "a question",
    "/a%20b/%C3%A9?q=%20&r",
    { headers: { "x-field": "one", cookie: "a=1; b=2" } },
    {
      status: 200,
      body: expect.stringMatching(/"field":"one","cookie":"a=1; b=2",.*"q=%20&r",null,"one"/),
    },
  ],
  [
    "bytes",
    "/post?x",
    { method: "POST", body: binary, headers: { "content-type": "application/x-bytes" } },
    {
      status: 200,
      body: expect.stringMatching(/"length":1000000,.*"POST","x","application\/x-byt/),
    },
  ],
  [
    "an empty body",
    "/put",
    { method: "PUT", body: "" },
    { body: expect.stringMatching(/"length":0/) },
  ],
  ["another method", "/x", { method: "PROPFIND" }, { body: expect.stringMatching(/"PROPFIND"/) }],
  ["HEAD", "/status", { method: "HEAD" }, { status: 201, body: "" }],
  ["a status of its own", "/status", {}, { status: 201, statusText: "Made", body: "made" }],
  ["204", "/nothing", {}, { status: 204, statusText: "No Content", body: "" }],
  ["304", "/unchanged", {}, { status: 304, headers: [null, '"1"', null, null], body: "" }],
  ["a redirect", "/elsewhere", {}, { status: 302, headers: [null, null, "/there?a=b", null] }],
  ["cookies", "/cookies", {}, { cookies: ["a=1; Path=/", "b=2"], body: "cookies" }],
  ["a stream", "/streamed", {}, { status: 200, body: [4_194_304, 3_145_728, 1] }],
  ["a failure", "/throw", {}, { status: 500, body: "Internal Server Error\n" }],
];

describe("S3.18 one handler behind CGI, FastCGI, SCGI, uwsgi and HTTP", () => {
  it.each(Object.entries(clients))("S3.18 knows which it is: %s", async (protocol, client) => {
    expect(await seen(client, "/protocol", {})).toMatchObject({ status: 200, body: protocol });
  });

  it.each(requests)("S3.18 answers alike: %s", async (_, path, init, expected) => {
    const answers = await Promise.all(
      Object.entries(clients).map(async ([protocol, client]) => {
        return [protocol, await seen(client, path, init)] as const;
      }),
    );
    const [, first] = answers[0] as (typeof answers)[number];
    expect(first).toMatchObject(expected);
    for (const [protocol, answer] of answers) expect([protocol, answer]).toEqual([protocol, first]);
  });

  it.each(Object.entries(clients))(
    "S3.18 never passes half an answer off as a complete one: %s",
    async (_, client) => {
      const read = async () => {
        const { body } = await client(new Request(`${origin()}/broken`));
        for await (const _ of body ?? []);
      };
      await expect(read()).rejects.toThrow();
    },
  );
});
