import { once } from "node:events";
import { rmSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { fromWsgi } from "../../src/server/adapters/wsgi.js";
import { bytes, hex } from "../bytes.js";
import { makeFolder, until } from "../harness/server-process.js";
import { gate, serveScgi } from "./serving.js";
import { portOf, scgi, talk } from "./talk.js";

const { errors, output, start } = serveScgi();

const root = () => new Request("http://example.com/");
describe.each(["scgi", "uwsgi", "fcgi"])("a handler behind %s", (protocol) => {
  it("S2.10 takes a Request and returns a Response", async () => {
    const server = await start(
      async (request, context) => {
        const body = await request.text();
        return new Response(
          `${context.protocol} ${request.method} ${new URL(request.url).pathname} ${body}`,
        );
      },
      { listen: `${protocol}://127.0.0.1:0` },
    );
    const address = `${protocol}://127.0.0.1:${portOf(server)}`;
    const request = new Request("http://example.com/a%20b", { method: "POST", body: "hello" });
    const response = await gatewayFetch(address, request);
    expect(await response.text()).toBe(`${protocol} POST /a%20b hello`);
  });

  it("S2.13 that throws is answered with 500, and the next is served", async () => {
    let requests = 0;
    const server = await start(
      () => {
        requests += 1;
        if (requests === 1) throw new Error("the secret");
        return new Response("served");
      },
      { listen: `${protocol}://127.0.0.1:0` },
    );
    const address = `${protocol}://127.0.0.1:${portOf(server)}`;
    const [first, second] = [
      await gatewayFetch(address, root()),
      await gatewayFetch(address, root()),
    ];
    expect([first.status, await first.text()]).toEqual([500, "Internal Server Error\n"]);
    expect([second.status, await second.text()]).toEqual([200, "served"]);
    expect(errors).toMatchObject([{ message: "the secret" }]);
    if (protocol !== "fcgi") expect(output()).toMatch(/^Error: the secret\n/);
  });

  it("that breaks off is visible to the client as a failure", async () => {
    const server = await start(
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(bytes("half"));
              await sleep(20);
              controller.error(new Error("the other half"));
            },
          }),
        ),
      { listen: `${protocol}://127.0.0.1:0` },
    );
    const response = await gatewayFetch(`${protocol}://127.0.0.1:${portOf(server)}`, root());
    response.ended.catch(() => {});
    const code = protocol === "fcgi" ? "malformed" : "truncated";
    await expect(response.text()).rejects.toMatchObject({ code });
  });

  it("S3.12 an application of WSGI that never begins a response is answered with 500", async () => {
    const server = await start(
      fromWsgi(() => ["hello"]),
      { listen: `${protocol}://127.0.0.1:0` },
    );
    const response = await gatewayFetch(`${protocol}://127.0.0.1:${portOf(server)}`, root());
    expect(response.status).toBe(500);
    expect(errors).toMatchObject([{ message: "the application never called startResponse" }]);
  });

  it("refuses too many requests with an answer in the protocol's own form", async () => {
    const { opened, open } = gate();
    const server = await start(() => opened.then(() => new Response("slow")), {
      listen: `${protocol}://127.0.0.1:0`,
      maxRequests: 1,
    });
    const address = `${protocol}://127.0.0.1:${portOf(server)}`;
    const first = gatewayFetch(address, root());
    await until(
      () => server.requests === 1,
      () => "the first request has not begun",
    );
    const [second] = await Promise.allSettled([gatewayFetch(address, root())]);
    open();
    expect((await first).status).toBe(200);
    if (protocol === "fcgi") expect(second).toMatchObject({ reason: { code: "overloaded" } });
    else expect(second).toMatchObject({ value: { status: 503 } });
    expect(server.counts.refused).toBe(1);
  });
});

describe("an SCGI server", () => {
  it("S2.3 answers a malformed head with 400, closes, and serves the next", async () => {
    const server = await start(() => new Response("served"));
    for (const head of ["12345", "abc:", "5:A\0B\0C,", "3:A\0B;"]) {
      const { answer, reset } = await talk(server, bytes(head), { half: true });
      expect(answer).toMatch(/^Status: 400 Bad Request\r\n/);
      expect(reset).toBe(false);
    }
    expect((await talk(server, scgi(""))).answer).toMatch(/\r\n\r\nserved$/);
    expect(errors).toHaveLength(4);
    expect(server.requests).toBe(0);
  });

  it("S2.4 takes no harm from connections that are closed without a byte", async () => {
    const server = await start(() => new Response("served"));
    for (let at = 0; at < 20; at++) await talk(server, "", { half: true });
    await until(
      () => server.connections === 0,
      () => "connections are left",
    );
    expect([errors, server.counts.errors]).toEqual([[], 0]);
    expect((await talk(server, scgi(""))).answer).toMatch(/served$/);
  });

  it("S2.5 closes connections that send nothing, and serves others meanwhile", async () => {
    const server = await start(() => new Response("served"), { headerTimeout: 100 });
    const started = Date.now();
    const silent = talk(server, "24:CONTENT");
    expect((await talk(server, scgi(""))).answer).toMatch(/served$/);
    expect(Date.now() - started).toBeLessThan(100);
    expect((await silent).answer).toBe("");
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("S2.6 gives the handler exactly CONTENT_LENGTH bytes, and an error when there are fewer", async () => {
    const bodies: unknown[] = [];
    const server = await start(async (request) => {
      bodies.push(await request.text().catch((error) => error.code));
      return new Response("read");
    });
    await talk(server, scgi("abcdef", 3));
    const { answer } = await talk(server, scgi("abc", 10), { half: true });
    expect(bodies).toEqual(["abc", "truncated"]);
    expect(answer).toMatch(/\r\n\r\nread$/);
  });

  it("S2.12 closes after the answer, and does not reset a client that is still sending", async () => {
    const server = await start(() => new Response("early"));
    const { answer, reset } = await talk(server, scgi("x".repeat(3_000_000)), { half: true });
    expect(answer).toMatch(/\r\n\r\nearly$/);
    expect(reset).toBe(false);
  });

  it("S2.12 does not wait for the client to close after a complete request", async () => {
    const server = await start(() => new Response("served"));
    const socket = net.connect({ port: portOf(server), host: "127.0.0.1", allowHalfOpen: true });
    socket.write(scgi("abc"));
    socket.resume();
    await once(socket, "end");
    expect(server.connections).toBe(0);
    socket.end();
  });

  it("waits, when it is closed, for the request of a connection that it has accepted", async () => {
    const server = await start(() => new Response("served"));
    const socket = net.connect({ port: portOf(server), host: "127.0.0.1" });
    await until(
      () => server.connections === 1,
      () => "not accepted",
    );
    const closed = server.close();
    socket.write(scgi(""));
    const [answer] = await once(socket, "data");
    expect(String(answer)).toMatch(/served$/);
    await closed;
  });

  it("over a unix socket, where there is no reset, the Content-Length shows that a response broke off", async () => {
    const folder = makeFolder();
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const listen = `scgi://unix:${join(folder, "app.sock")}`;
    const body = () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes("half"));
          controller.error(new Error("the other half"));
        },
      });
    await start(() => new Response(body(), { headers: { "content-length": "8" } }), { listen });
    const response = await gatewayFetch(listen, root());
    response.ended.catch(() => {});
    await expect(response.text()).rejects.toMatchObject({ code: "truncated" });
  });
});

describe("a uwsgi server", () => {
  it("answers pings", async () => {
    const server = await start(() => new Response("served"), { listen: "uwsgi://127.0.0.1:0" });
    const { answer } = await talk(server, hex("64000000"));
    expect(Buffer.from(answer, "latin1").toString("hex")).toBe("64000001");
    expect(server.counts).toMatchObject({ requests: 0, errors: 0 });
  });

  it("answers a client of HTTP, in HTTP, that its request is invalid", async () => {
    const server = await start(() => new Response("served"), { listen: "uwsgi://127.0.0.1:0" });
    const response = await fetch(`http://127.0.0.1:${portOf(server)}/`);
    expect([response.status, await response.text()]).toEqual([400, "Bad Request\n"]);
  });
});
