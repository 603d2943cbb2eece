import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Context } from "../../../src/server/handler.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { gate, hello, never, serveHttp } from "../serving.js";
import { bodyOf, last } from "./requests.js";

const { connect, errors, output, start } = serveHttp();

describe("a handler over HTTP", () => {
  it("gets a Request, and answers with a Response", async () => {
    const server = await start(
      (request) =>
        new Response(`${request.method} ${request.url} ${request.headers.get("x-test")}`, {
          status: 201,
          statusText: "Made",
          headers: { "x-answer": "42" },
        }),
    );
    const answer = await connect(server).send(last("/a%20b?c=d", "X-Test: yes\r\n")).closed();
    expect(answer).toMatch(/^HTTP\/1\.1 201 Made\r\n/);
    expect(answer).toMatch(/\r\nx-answer: 42\r\n/);
    expect(answer).toMatch(/\r\ncontent-length: 33\r\n/);
    expect(answer).toMatch(/\r\nDate: /);
    expect(bodyOf(answer)).toBe("GET http://app.test/a%20b?c=d yes");
    expect(errors).toEqual([]);
  });

  it("is reached through a unix socket", async () => {
    const folder = makeFolder();
    try {
      const path = join(folder, "app.sock");
      const server = await start(hello, { listen: `http://unix:${path}` });
      expect(server.address).toBe(`http://unix:${path}`);
      const request = http.get({ socketPath: path, path: "/" });
      const [response] = await once(request, "response");
      expect(response.statusCode).toBe(200);
      response.resume();
      await once(response, "end");
      request.destroy();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is served by a server of Node's, with the option protocol", async () => {
    const listener = net.createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const server = await start(hello, { listen: listener, protocol: "http" });
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(server.address)).text()).toBe("hello");
  });

  it("is served on a descriptor that listens already, with the option protocol", async () => {
    const parent = net.createServer().listen(0, "127.0.0.1");
    await once(parent, "listening");
    const { port } = parent.address() as net.AddressInfo;
    const { fd } = (parent as unknown as { _handle: { fd: number } })._handle;
    const door = new URL("../../../dist/server.js", import.meta.url).href;
    const program = `
      const { serve } = await import(${JSON.stringify(door)});
      const options = { listen: { fd: 0 }, protocol: "http" };
      const { address } = await serve(() => new Response("from descriptor 0"), options);
      console.log(address);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: [fd, "pipe", "inherit"],
    });
    try {
      const [said] = await once(child.stdout as NonNullable<typeof child.stdout>, "data");
      // From here on the child alone accepts.
      parent.close();
      expect(`${said}`).toBe(`http://127.0.0.1:${port}\n`);
      const answer = await fetch(`http://127.0.0.1:${port}`);
      expect(await answer.text()).toBe("from descriptor 0");
    } finally {
      child.kill();
      await once(child, "exit");
    }
  });

  it("knows the protocol, and the variables that a front end would send", async () => {
    let seen: Context | undefined;
    const server = await start((_, context) => {
      seen = context;
      return new Response();
    });
    const port = new URL(server.address).port;
    const fields =
      "X-One: 1\r\nX-One: 2\r\nX_One: odd\r\nProxy: evil\r\nCookie: a=1\r\nX-Bytes: \xe9\r\n";
    const body = "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi";
    const peer = connect(server).send(
      `POST /a%20b/c?d=%20 HTTP/1.1\r\nHost: app.test:8080\r\nConnection: close\r\n${fields}${body}`,
    );
    await peer.closed();
    expect([seen?.protocol, seen?.role, seen?.data]).toEqual(["http", "responder", null]);
    expect([...(seen?.variables ?? [])]).toEqual([
      ["GATEWAY_INTERFACE", "CGI/1.1"],
      ["SERVER_SOFTWARE", "fcgi-probe"],
      ["SERVER_PROTOCOL", "HTTP/1.1"],
      ["REQUEST_METHOD", "POST"],
      ["REQUEST_URI", "/a%20b/c?d=%20"],
      ["SCRIPT_NAME", "/a b/c"],
      ["QUERY_STRING", "d=%20"],
      ["REQUEST_SCHEME", "http"],
      ["SERVER_NAME", "app.test"],
      ["SERVER_PORT", port],
      ["REMOTE_ADDR", "127.0.0.1"],
      ["REMOTE_PORT", `${peer.socket.localPort}`],
      ["HTTP_HOST", "app.test:8080"],
      ["HTTP_X_ONE", "1"],
      ["HTTP_X_ONE", "2"],
      ["HTTP_COOKIE", "a=1"],
      ["HTTP_X_BYTES", Uint8Array.of(0xe9)],
      ["CONTENT_TYPE", "text/plain"],
      ["CONTENT_LENGTH", "2"],
    ]);
  });

  it("writes to an error stream, which is the server's own", async () => {
    const server = await start((_, context) => {
      context.errors.write("careful\n");
      return new Response("fine");
    });
    await (await fetch(server.address)).text();
    expect(output()).toBe("careful\n");
  });

  it("that throws is answered with 500, and logged", async () => {
    const server = await start(() => {
      throw new Error("the secret");
    });
    const response = await fetch(server.address);
    expect([response.status, await response.text()]).toEqual([500, "Internal Server Error\n"]);
    expect(errors.map(({ message }) => message)).toEqual(["the secret"]);
    expect(output()).toContain("the secret");
  });

  it("that exceeds its timeout is answered with 500", async () => {
    const server = await start(never, { responseTimeout: 50 });
    expect((await fetch(server.address)).status).toBe(500);
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("whose response's head is not valid in HTTP is answered with 500", async () => {
    const server = await start(() => new Response("x", { headers: { "x-bell": "\x07" } }));
    expect((await fetch(server.address)).status).toBe(500);
    expect(errors).toMatchObject([{ code: "bad_input" }]);
  });

  it("is refused as overload, when too many run", async () => {
    const answering = gate();
    const server = await start(
      async () => {
        await answering.opened;
        return new Response("done");
      },
      { maxRequests: 1 },
    );
    const first = fetch(server.address);
    await until(
      () => server.requests === 1,
      () => "no request came",
    );
    const second = await fetch(server.address);
    expect([second.status, await second.text()]).toEqual([503, "Service Unavailable\n"]);
    answering.open();
    expect(await (await first).text()).toBe("done");
    expect(server.counts).toMatchObject({ requests: 1, refused: 1 });
  });
});
