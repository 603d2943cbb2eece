import { once } from "node:events";
import net from "node:net";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { keepConnections } from "../../src/client/connect.js";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { KeepOptions, KeptConnections } from "../../src/client/kept-connections.js";
import type { Handler } from "../../src/server/handler.js";
import type { ServeOptions } from "../../src/server/options.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";

let server: GatewayServer;
let connections: KeptConnections;
afterEach(async () => {
  connections.close();
  await server.close(1_000);
});

const start = async (
  handler: Handler,
  options: Partial<ServeOptions> = {},
  keep: KeepOptions = {},
) => {
  server = await serve(handler, { listen: "127.0.0.1:0", multiplex: true, ...options });
  connections = keepConnections(server.address, { multiplex: true, ...keep });
};
const get = (path: string, init: RequestInit = {}) =>
  gatewayFetch(server.address, new Request(`http://localhost${path}`, init), {
    connections,
    timeout: 5_000,
  });
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Says its path, after as many milliseconds as the query has. */
const slowly: Handler = async (request) => {
  const url = new URL(request.url);
  await wait(Number(url.search.slice(1)));
  return new Response(url.pathname);
};

describe("multiplexing", () => {
  it("carries many requests at once over one connection, each with its own answer", async () => {
    await start(slowly);
    await (await get("/first")).text();
    const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);
    const answers = paths.map(async (path, index) => (await get(`${path}?${60 - index}`)).text());
    expect(await Promise.all(answers)).toEqual(paths);
    expect(server.counts.connections).toBe(1);
  });

  it("answers a later request first when it is done first", async () => {
    await start(slowly);
    await (await get("/first")).text();
    const order: string[] = [];
    const note = async (path: string) => {
      order.push(await (await get(path)).text());
    };
    await Promise.all([note("/slow?200"), note("/quick?0")]);
    expect(order).toEqual(["/quick", "/slow"]);
    expect(server.counts.connections).toBe(1);
  });

  it("sends bodies side by side", async () => {
    await start(async (request) => new Response(`${(await request.arrayBuffer()).byteLength}`));
    await (await get("/first")).text();
    const lengths = [0, 1, 70_000, 200_000];
    const answers = lengths.map(async (length) => {
      const body = new Uint8Array(length);
      return Number(await (await get("/", { method: "POST", body })).text());
    });
    expect(await Promise.all(answers)).toEqual(lengths);
  });

  it("waits for the word of an application that does not multiplex, and then does not", async () => {
    await start(slowly, { multiplex: false });
    await (await get("/first")).text();
    expect(
      await Promise.all(["/a?30", "/b?30"].map(async (path) => (await get(path)).text())),
    ).toEqual(["/a", "/b"]);
    expect(server.counts.connections).toBe(2);
  });

  it("keeps to the requests at once that both sides allow", async () => {
    await start(slowly, {}, { maxRequests: 3 });
    await (await get("/first")).text();
    await Promise.all([1, 2, 3, 4, 5].map(async () => (await get("/x?50")).text()));
    expect(server.counts.connections).toBe(2);
  });

  it("reuses the connection of an application whose FCGI_MAX_REQS is below 1", async () => {
    await start(slowly, { maxRequests: 64 });
    const proxy = net.createServer((client) => {
      const application = net.connect(Number(server.address.split(":")[1]), "127.0.0.1");
      client.pipe(application);
      application.on("data", (bytes: Buffer) => {
        const text = bytes.toString("latin1").replace("FCGI_MAX_REQS64", "FCGI_MAX_REQS-5");
        client.write(text, "latin1");
      });
      application.on("end", () => client.end());
      client.on("error", () => {});
      application.on("error", () => {});
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    onTestFinished(() => void proxy.close());
    const address = `127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
    connections.close();
    connections = keepConnections(address, { multiplex: true });
    for (const path of ["/first", "/second", "/third"]) {
      const request = new Request(`http://localhost${path}`);
      const response = await gatewayFetch(address, request, { connections, timeout: 5_000 });
      expect(await response.text()).toBe(path);
    }
    expect(server.counts.connections).toBe(1);
  });

  it("gives one request up without harm to the others", async () => {
    await start(slowly);
    await (await get("/first")).text();
    const abort = new AbortController();
    const given = get("/given-up?2000", { signal: abort.signal });
    const other = get("/other?100");
    setTimeout(() => abort.abort(), 20);
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    expect(await (await other).text()).toBe("/other");
  });
});
