import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { fetchServerStatusPage, fetchWorkerPage } from "../../../src/apache/fetch/fetch-status.js";
import { fixture } from "../fixtures.js";
import { serve, serveBytes } from "../serve.js";

const text = fixture("event-idle--auto.txt");

/** The head of the only request that a server gets, as received. */
async function headOf(ask: (url: string) => Promise<unknown>): Promise<string> {
  let head = "";
  const url = await serveBytes((socket) => {
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  await ask(url);
  return head;
}

describe("the request for a status page", () => {
  it("closes its connection, and does not request compression", async () => {
    const head = await headOf((url) => fetchServerStatusPage(`${url}/server-status?auto`));
    expect(head).toMatch(/^GET \/server-status\?auto HTTP\/1\.1\r\n/);
    expect(head).toMatch(/\r\nconnection: close\r\n/i);
    expect(head).toMatch(/\r\nhost: 127\.0\.0\.1:\d+\r\n/i);
    expect(head).not.toMatch(/accept-encoding|transfer-encoding/i);
  });

  it("has the given host, at the address of the URL", async () => {
    const head = await headOf((url) =>
      fetchServerStatusPage(url, { host: "www.example.com:8080" }),
    );
    expect(head.match(/^host:.*$/gim)).toEqual(["host: www.example.com:8080"]);
  });

  it("has the given fields, repeated ones too, instead of its own", async () => {
    const headers = [
      ["X-One", "1"],
      ["x-one", "2"],
      ["User-Agent", "caf\xe9"],
    ] as const;
    const head = await headOf((url) => fetchServerStatusPage(url, { headers }));
    expect(head.match(/^(?:x-one|user-agent):.*$/gim)).toEqual([
      "user-agent: caf\xe9",
      "x-one: 1",
      "x-one: 2",
    ]);
  });

  it.each([
    ["X-A", "1\r\nX-B: 2"],
    ["X-A", "1\n"],
    ["X-A", "\0"],
    ["X-A", "€"],
    ["X A", "1"],
    ["", "1"],
    ["X-A:", "1"],
    ["Host", "h"],
    ["content-length", "1"],
    ["Transfer-Encoding", "chunked"],
  ])("refuses the header field %j with %j, and sends nothing", async (name, value) => {
    const asked: string[] = [];
    const url = await serve((request) => asked.push(request.url ?? ""));
    const page = fetchServerStatusPage(url, { headers: { [name]: value } });
    await expect(page).rejects.toMatchObject({ code: "bad_input" });
    expect(asked).toEqual([]);
  });

  it.each(["", "a b", "a/b", "a\r\nX: 1", "u@h", "h:x", "[::1", "h#f", "bücher.example"])(
    "refuses the host %j",
    async (host) => {
      await expect(fetchServerStatusPage("http://127.0.0.1:9/", { host })).rejects.toMatchObject({
        code: "bad_input",
      });
    },
  );

  it.each([
    ["u:50%", "u:50%"],
    ["u:%zz%4", "u:%zz%4"],
    ["u:100%25", "u:100%"],
    ["u:p%C3%A9", "u:pé"],
    ["u:pé", "u:pé"],
    ["u:p@ss", "u:p@ss"],
    ["us%20er:", "us er:"],
    [":p", ":p"],
  ])("sends the credentials %s as %s", async (given, sent) => {
    const head = await headOf((url) => fetchServerStatusPage(url.replace("//", `//${given}@`)));
    const authorization = /^authorization: Basic (.*)$/im.exec(head)?.[1] ?? "";
    expect(Buffer.from(authorization, "base64").toString()).toBe(sent);
  });

  it("never shows a password in a malformed URL", async () => {
    const error = await fetchServerStatusPage("http://u:s3cret#x@h/").catch((reason) => reason);
    expect(error).toMatchObject({ code: "bad_address" });
    expect(JSON.stringify(error) + error.message).not.toContain("s3cret");
  });

  it("reaches ports that browsers and fetch refuse", async () => {
    const server = createServer((_, response) => response.end(text));
    const ports = [6000, 6667, 6566, 10_080];
    let port = 0;
    for (const each of ports) {
      port = await new Promise<number>((resolve) => {
        server.once("error", () => resolve(0));
        server.listen(each, "127.0.0.1", () => resolve(each));
      });
      if (port !== 0) break;
    }
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${port}/server-status?auto`;
    await expect(fetch(url)).rejects.toMatchObject({ cause: { message: "bad port" } });
    expect((await fetchServerStatusPage(url)).page).toEqual(text);
  });

  it("calls onAnswer once, after redirects and before the end of the page", async () => {
    const begun: boolean[] = [];
    let isWhole = false;
    const url = await serve((request, response) => {
      if (request.url === "/s") {
        response.writeHead(302, { location: "/t" }).end();
        return;
      }
      response.write(text.subarray(0, 100));
      setTimeout(() => {
        isWhole = true;
        response.end(text.subarray(100));
      }, 50);
    });
    await fetchServerStatusPage(`${url}/s`, { onAnswer: () => begun.push(isWhole) });
    expect(begun).toEqual([false]);
  });

  it("has the addresses of the connection of the page", async () => {
    const peers: (number | undefined)[] = [];
    const url = await serve((request, response) => {
      peers.push(request.socket.remotePort);
      response.end(fixture("event-idle--html.html"));
    });
    const { connection } = await fetchWorkerPage(url);
    expect(connection).toEqual({
      localAddress: "127.0.0.1",
      localPort: peers[0],
      remoteAddress: "127.0.0.1",
      remotePort: Number(new URL(url).port),
    });
  });
});

describe("the answer with a status page", () => {
  const answer = (...parts: readonly string[]) =>
    serveBytes((socket) => {
      socket.once("data", () => {
        for (const part of parts) socket.write(part, "latin1");
        socket.end();
      });
    });
  const pageOf = async (...parts: readonly string[]) =>
    new TextDecoder().decode((await fetchServerStatusPage(await answer(...parts))).page);

  it("may come in chunks", async () => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(await pageOf(head, "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n")).toBe(
      "abcde",
    );
  });

  it("may end with the connection, as in HTTP/1.0", async () => {
    expect(await pageOf("HTTP/1.0 200 OK\r\n\r\n", "abc")).toBe("abc");
  });

  it("may come after a 103", async () => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    expect(await pageOf(early, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")).toBe("x");
  });

  it.each([
    ["chunks without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc"],
    ["fewer bytes than it says", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"],
  ])("is refused with %s", async (_, bytes) => {
    await expect(fetchServerStatusPage(await answer(bytes))).rejects.toMatchObject({
      code: "truncated",
    });
  });

  it.each([
    ["compressed", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", "malformed"],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "bad_status"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"],
    ["a head without an end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`, "limit_exceeded"],
  ])("is refused when it is %s", async (_, bytes, code = "wrong_protocol") => {
    await expect(fetchServerStatusPage(await answer(bytes))).rejects.toMatchObject({ code });
  });
});
