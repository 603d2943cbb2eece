import { expect, it } from "vitest";
import { keepConnections } from "../../src/client/connect.js";
import { gatewayFetch } from "../../src/client/fetch.js";
import { serve } from "../../src/server/serve.js";
import { describeWith } from "../harness/describe-with.js";
import { startApacheFront } from "../harness/front-ends/apache.js";
import { freePort } from "../harness/ports.js";
import { startTapping } from "./tapping.js";

const listen = "127.0.0.1:0";
const echo = async (request: Request) => new Response(`${request.method} ${await request.text()}`);

it("a tap tells the requests of a multiplexed connection apart", async () => {
  let answerFirst = (): void => {};
  const held = new Promise<void>((resolve) => {
    answerFirst = resolve;
  });
  await using server = await serve(
    async (request) => {
      if (request.url.endsWith("/first")) await held;
      else if (request.url.endsWith("/second")) answerFirst();
      return new Response(new URL(request.url).pathname);
    },
    { listen, multiplex: true },
  );
  await using tapping = await startTapping(server.address);
  const target = `unix:${tapping.path}`;
  const connections = keepConnections(target, { multiplex: true });
  const get = async (path: string) => {
    const response = await gatewayFetch(target, new Request(`http://x${path}`), { connections });
    return response.text();
  };
  // By its first answer the server says that it multiplexes.
  expect(await get("/")).toBe("/");
  // The answer to the first request waits for the second one.
  expect(await Promise.all([get("/first"), get("/second")])).toEqual(["/first", "/second"]);
  connections.close();
  const requests = (await tapping.ended(3)).slice(1);
  expect(requests.map(({ connection, uri, outcome }) => [connection, uri, outcome])).toEqual([
    [1, "/second", "complete"],
    [1, "/first", "complete"],
  ]);
  expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(2);
  expect(tapping.notes).toEqual([]);
});

it("a tap passes SCGI on to our own server", async () => {
  await using server = await serve(echo, { listen, protocol: "scgi" });
  await using tapping = await startTapping(server.address);
  const request = new Request("http://x/form", { method: "POST", body: "a=1" });
  const response = await gatewayFetch(`scgi://unix:${tapping.path}`, request);
  expect(await response.text()).toBe("POST a=1");
  const [seen] = await tapping.ended(1);
  expect(seen).toMatchObject({ protocol: "scgi", status: 200, uri: "/form", sent: 3 });
  expect(tapping.notes).toEqual([]);
});

it("a tap passes an answer that comes before the body is read", async () => {
  await using server = await serve(() => new Response("too large", { status: 413 }), { listen });
  await using tapping = await startTapping(server.address);
  const body = new Uint8Array(8_000_000);
  const request = new Request("http://x/upload", {
    ...{ method: "POST", body },
    headers: { "content-length": `${body.length}` },
  });
  const response = await gatewayFetch(`unix:${tapping.path}`, request);
  expect([response.status, await response.text()]).toEqual([413, "too large"]);
  const [seen] = await tapping.ended(1);
  expect(seen).toMatchObject({ status: 413, outcome: "complete", uri: "/upload" });
});

describeWith(["apache2"], "a tap behind mod_proxy_fcgi", () => {
  it("passes requests and bodies on", async () => {
    await using server = await serve(echo, { listen });
    await using tapping = await startTapping(server.address, { at: "127.0.0.1:0" });
    const way = "mod_proxy_fcgi";
    const front = await startApacheFront([
      { name: way, backend: tapping.tap.address, port: await freePort() },
    ]);
    try {
      const url = `${front.urls.get(way)}/form`;
      for (const body of ["a=1", "b".repeat(300_000)]) {
        const response = await fetch(url, { method: "POST", body });
        expect(await response.text()).toBe(`POST ${body}`);
      }
    } finally {
      await front.stop();
    }
    const requests = await tapping.ended(2);
    expect(requests.map(({ status, sent, outcome }) => [status, sent, outcome])).toEqual([
      [200, 3, "complete"],
      [200, 300_000, "complete"],
    ]);
    expect(tapping.notes).toEqual([]);
  });
});
