import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { fetchServerStatusPage, fetchWorkerPage } from "../../../src/apache/fetch/fetch-status.js";
import { StatusSource } from "../../../src/apache/fetch/status-source.js";
import { parseServerStatusHtml } from "../../../src/apache/page/html-page.js";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { freePort } from "../../harness/ports.js";
import { fixture, least, pageOf } from "../fixtures.js";
import { serve, serveBytes } from "../serve.js";

/** A port that answers no SYN until the test ends: nothing accepts, and the queue is full. */
async function silentPort(): Promise<number> {
  const script =
    "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0); print(s.getsockname()[1], flush=True); sys.stdin.read()";
  const listener = spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(listener.stdout, "data")) as [Buffer];
  const port = Number(line);
  const sockets = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  await Promise.race(sockets.map((socket) => once(socket, "connect")));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    const ended = once(listener, "close");
    listener.stdin.end();
    await ended;
  });
  return port;
}

const text = fixture("event-idle--auto.txt");
const html = fixture("event-idle--html.html");

describe("requesting a status page", () => {
  it("S1.20 returns the body of a response with status 200", async () => {
    const url = await serve((_, response) => response.end(text));
    const { page } = await fetchServerStatusPage(`${url}/server-status?auto`);
    expect(page).toEqual(text);
  });

  it.each([
    [404, "page_not_found"],
    [403, "access_denied"],
    [401, "access_denied"],
    [503, "server_busy"],
    [500, "bad_status"],
    [204, "bad_status"],
  ])("S1.20 refuses status %d", async (status, code) => {
    const url = await serve((_, response) => {
      response.statusCode = status;
      response.end(status === 204 ? undefined : text);
    });
    await expect(fetchServerStatusPage(`${url}/server-status`)).rejects.toMatchObject({
      name: "GatewayError",
      code,
      message: `Failed to retrieve Apache status page from ${url}/server-status! Expected to get HTTP response status 200, got ${status} instead.`,
      address: `${url}/server-status`,
    });
  });

  it("S1.22 reports a refused connection", async () => {
    const url = `http://127.0.0.1:${await freePort()}/server-status`;
    await expect(fetchServerStatusPage(url)).rejects.toMatchObject({
      code: "refused",
      address: url,
    });
  });

  it("S1.22 reports an unknown host name", async () => {
    await expect(fetchServerStatusPage("http://nowhere.invalid/")).rejects.toMatchObject({
      code: "connect_failed",
    });
  });

  it("S1.22 has a deadline for the connection", async () => {
    const port = await silentPort();
    const error = await fetchServerStatusPage(`http://127.0.0.1:${port}/`, { timeout: 200 }).catch(
      (reason) => reason,
    );
    expect(error).toMatchObject({
      code: "connect_timeout",
      message: expect.stringContaining("There was no connection within 200 ms."),
    });
    expect(error.hint).not.toContain("busy");
  });

  it("S1.22 has a deadline for the answer", async () => {
    const url = await serve(() => {});
    await expect(fetchServerStatusPage(url, { timeout: 50 })).rejects.toMatchObject({
      code: "deadline",
      hint: expect.stringContaining("all workers of httpd may be busy"),
    });
  });

  it("S1.22 has a deadline for the end of the page", async () => {
    const url = await serve((_, response) => response.write("BusyWorkers: 1\n"));
    const error = await fetchServerStatusPage(url, { timeout: 200 }).catch((reason) => reason);
    expect(error).toMatchObject({ code: "deadline" });
    expect(error.message).toContain("15 bytes were received");
    expect(error.hint).not.toContain("busy");
  });

  it("S1.22 can be cancelled", async () => {
    const url = await serve(() => {});
    const controller = new AbortController();
    const page = fetchServerStatusPage(url, { signal: controller.signal });
    controller.abort();
    await expect(page).rejects.toMatchObject({ code: "aborted" });
  });

  it("reports a page that ends early", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("BusyWorkers: 1\n");
      setTimeout(() => response.destroy(), 10);
    });
    await expect(fetchServerStatusPage(url)).rejects.toMatchObject({
      code: "truncated",
      message: expect.stringContaining("after 15 bytes"),
    });
  });

  it("reports a connection that was closed without an answer", async () => {
    const url = await serve((request) => request.socket.destroy());
    await expect(fetchServerStatusPage(url)).rejects.toMatchObject({
      code: "closed_without_answer",
    });
  });

  it("refuses a page that is too long", async () => {
    const url = await serve((_, response) => response.end(new Uint8Array(100_000)));
    await expect(fetchServerStatusPage(url, { maxLength: 99_999 })).rejects.toMatchObject({
      code: "limit_exceeded",
      hint: "no status page is that long: check the URL",
    });
    const { page } = await fetchServerStatusPage(url, { maxLength: 100_000 });
    expect(page).toHaveLength(100_000);
  });

  it("reads from an IPv6 address", async () => {
    const server = createServer((_, response) => response.end(text)).listen(0, "::1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { page, connection } = await fetchServerStatusPage(`http://[::1]:${port}/`);
    expect(page).toEqual(text);
    expect(connection).toMatchObject({ remoteAddress: "::1", remotePort: port });
  });

  it("reports a server that is not a web server", async () => {
    const url = await serveBytes((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    await expect(fetchServerStatusPage(url)).rejects.toMatchObject({ code: "wrong_protocol" });
  });

  it("sends the name and the password of a URL, and shows neither", async () => {
    let authorization: string | undefined;
    const url = await serve((request, response) => {
      authorization = request.headers.authorization;
      response.statusCode = 403;
      response.end();
    });
    const secret = url.replace("//", "//us%20er:p%C3%A9@");
    const error = await fetchServerStatusPage(`${secret}/s`).catch((reason: Error) => reason);
    expect(authorization).toBe(`Basic ${Buffer.from("us er:pé").toString("base64")}`);
    expect(JSON.stringify(error) + String(error)).not.toMatch(/us%20er|p%C3%A9/);
  });

  it.each(["", "server-status", "ftp://h/", "unix:/x"])("refuses the URL %j", async (url) => {
    await expect(fetchServerStatusPage(url)).rejects.toMatchObject({ code: "bad_address" });
  });

  it("reads workers as the page arrives", async () => {
    const url = await serve((_, response) => {
      response.write(html.subarray(0, 3001));
      setTimeout(() => response.end(html.subarray(3001)), 10);
    });
    expect(await fetchWorkerPage(url)).toMatchObject(parseServerStatusHtml(html));
  });

  it("calls onAnswer when the answer begins", async () => {
    let isWhole = false;
    const url = await serve((_, response) => {
      response.write(html);
      setTimeout(() => {
        isWhole = true;
        response.end();
      }, 50);
    });
    const begun: boolean[] = [];
    await fetchWorkerPage(url, { onAnswer: () => begun.push(isWhole) });
    expect(begun).toEqual([false]);
  });

  it("returns the connection of a page of workers", async () => {
    let remotePort: number | undefined;
    const url = await serve((request, response) => {
      remotePort = request.socket.remotePort;
      response.end(html);
    });
    expect((await fetchWorkerPage(url)).connection).toEqual({
      localAddress: "127.0.0.1",
      localPort: remotePort,
      remoteAddress: "127.0.0.1",
      remotePort: Number(new URL(url).port),
    });
  });
});

describe("the source of status pages", () => {
  async function counting(page: (url: string) => Uint8Array): Promise<[string, string[]]> {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url ?? "");
      response.end(page(request.url ?? ""));
    });
    return [url, asked];
  }

  it("S1.11 S1.24 requests each page once, until it is refreshed", async () => {
    const [url, asked] = await counting((path) => (path.endsWith("?auto") ? text : html));
    const source = new StatusSource(`${url}/server-status?auto`);
    const first = await source.status();
    expect(await source.status()).toBe(first);
    await source.workers();
    await source.workers();
    expect(asked).toEqual(["/server-status?auto", "/server-status"]);
    source.refresh();
    expect(await source.status()).not.toBe(first);
    expect(asked).toHaveLength(3);
  });

  it("S1.11 takes another URL", async () => {
    const [url, asked] = await counting(() => pageOf(...least));
    const source = new StatusSource("http://127.0.0.1:1/server-status");
    source.htmlUrl = `${url}/other`;
    expect([source.htmlUrl, source.textUrl]).toEqual([`${url}/other`, `${url}/other?auto`]);
    await source.status();
    expect(asked).toEqual(["/other?auto"]);
  });

  it("S1.20 S1.21 S1.22 knows whether the last request succeeded", async () => {
    let status = 200;
    const url = await serve((_, response) => {
      response.statusCode = status;
      response.end(text);
    });
    const source = new StatusSource(url);
    expect(source.responded).toBeUndefined();
    await source.status();
    expect(source.responded).toBe(true);
    status = 500;
    source.refresh();
    await expect(source.status()).rejects.toMatchObject({ code: "bad_status" });
    expect(source.responded).toBe(false);
    const nobody = new StatusSource(`http://127.0.0.1:${await freePort()}/`);
    await expect(nobody.workers()).rejects.toMatchObject({ code: "refused" });
    expect(nobody.responded).toBe(false);
  });

  it("S1.23 reads a text page that is not UTF-8", async () => {
    const page = pageOf("caf\xe9", ...least);
    const [url] = await counting(() => page);
    expect((await new StatusSource(url).status()).serverName).toBe("café");
    expect(parseServerStatus(page).serverName).toBe("café");
  });

  it("S1.34 reports a login page", async () => {
    const [url] = await counting(() => new TextEncoder().encode("<title>Log in</title>"));
    const source = new StatusSource(url);
    const address = `${url}?auto`;
    await expect(source.status()).rejects.toMatchObject({ code: "not_a_status_page", address });
    await expect(source.workers()).rejects.toMatchObject({
      code: "not_a_status_page",
      address: url,
    });
    expect(source.responded).toBe(false);
  });
});
