import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { keepConnections } from "../../src/client/connect.js";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { KeepOptions, KeptConnections } from "../../src/client/kept-connections.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { describeWith } from "../harness/describe-with.js";
import { type FakeServer, type Script, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";

let connections: KeptConnections;
afterEach(() => connections.close());

describeWith(["php-fpm"], "kept connections to a real php-fpm", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "x", pm: "static", maxChildren: 2, listen: "unix" }],
    });
  });
  afterAll(() => fpm.stop());

  const worker = async (options?: KeepOptions, script = "echo.php") => {
    connections ??= keepConnections(fpm.pool("x").address, options);
    const response = await gatewayFetch(
      fpm.pool("x").address,
      new Request(`http://localhost/${script}`, { method: "POST", body: "abc" }),
      { scriptFilename: phpScript(script), connections },
    );
    return ((await response.json()) as { bodyLength: number }).bodyLength;
  };

  it("serve one request after another", async () => {
    connections = keepConnections(fpm.pool("x").address);
    for (let round = 0; round < 20; round++) expect(await worker()).toBe(3);
  });

  it("do not multiplex when the application says that it does not", async () => {
    connections = keepConnections(fpm.pool("x").address, { multiplex: true });
    expect(await Promise.all([worker(), worker()])).toEqual([3, 3]);
  });

  it("are opened again when the application has closed them", async () => {
    connections = keepConnections(fpm.pool("x").address);
    expect(await worker()).toBe(3);
    await fpm.reload();
    expect(await worker()).toBe(3);
  });
});

describe("kept connections", () => {
  let server: FakeServer;
  afterEach(() => server.stop());

  const page = (id: number) =>
    Buffer.concat([
      encodeRecord(RecordType.Stdout, id, new TextEncoder().encode("X: y\r\n\r\nok")),
      encodeEndRequest(id, 0, 0),
    ]);
  /** Answers each request on a connection as soon as its STDIN ends. */
  const keeping: Script = async (peer) => {
    for (let served = 0; ; served++) {
      const end = () => peer.received().toString("latin1").split("\x01\x05\0\x01\0\0\0\0").length;
      while (end() <= served + 1) await peer.receive(peer.received().length + 1);
      await peer.send(page(1));
    }
  };
  const get = () =>
    gatewayFetch(server.address, new Request("http://localhost/"), { connections, timeout: 2_000 });

  it("use one connection for requests that follow each other", async () => {
    server = await startFakeServer(keeping);
    connections = keepConnections(server.address);
    for (let round = 0; round < 3; round++) expect(await (await get()).text()).toBe("ok");
    expect(server.accepted).toBe(1);
    expect(server.peers[0]?.received()[10]).toBe(1);
  });

  it("use a connection for each of several requests at once, and keep as many as `idle` says", async () => {
    server = await startFakeServer(keeping);
    connections = keepConnections(server.address, { idle: 2 });
    const responses = await Promise.all([get(), get(), get()]);
    await Promise.all(responses.map((response) => response.text()));
    expect(server.accepted).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.open).toBe(2);
  });

  it("are closed after a while without work", async () => {
    server = await startFakeServer(keeping);
    connections = keepConnections(server.address, { idleTimeout: 20 });
    await (await get()).text();
    await server.allClosed(1_000);
  });

  it("are closed after a while when a request cannot be made", async () => {
    server = await startFakeServer(keeping);
    connections = keepConnections(server.address, { idleTimeout: 50 });
    const request = gatewayFetch(server.address, new Request("http://localhost/"), {
      connections,
      limits: { variables: 10 },
    });
    await expect(request).rejects.toMatchObject({ code: "limit_exceeded" });
    await until(
      () => server.accepted === 1,
      () => "no connection",
    );
    await server.allClosed(1_000);
  });

  it("are closed by close()", async () => {
    server = await startFakeServer(keeping);
    connections = keepConnections(server.address);
    await (await get()).text();
    connections.close();
    await server.allClosed(1_000);
  });

  it("fail a request that cannot be sent again", async () => {
    let served = 0;
    server = await startFakeServer(async (peer) => {
      await peer.receive(1);
      if (served++ === 0) await peer.send(page(1));
      await peer.receive(200);
      peer.end();
    });
    connections = keepConnections(server.address);
    await (await get()).text();
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(100)),
    });
    const request = new Request("http://localhost/", {
      method: "POST",
      body,
      duplex: "half",
    } as RequestInit);
    const failure = gatewayFetch(server.address, request, {
      connections,
      contentLength: 1_000_000,
    });
    await expect(failure).rejects.toMatchObject({ code: "closed_without_answer" });
  });
});

describe("what keepConnections returns", () => {
  it("are an object with close() and nothing else", () => {
    connections = keepConnections("127.0.0.1:9000");
    expect(inspect(connections)).toBe("{ close: [Function: close] }");
  });

  it("are what keepConnections returns", async () => {
    connections = { close() {} };
    await expect(
      gatewayFetch("127.0.0.1:9", new Request("http://h/"), { connections }),
    ).rejects.toMatchObject({ code: "bad_input" });
  });
});
