import { afterEach, describe, expect, it } from "vitest";
import { Protocol, parseAddress } from "../../src/address.js";
import { type CreateClientMachine, connectionPerRequest } from "../../src/client/channel.js";
import { Exchange, type ExchangeOptions } from "../../src/client/exchange.js";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { GatewayResponse } from "../../src/client/response-receiver.js";
import { ResponseReceiver } from "../../src/client/response-receiver.js";
import type { Engine } from "../../src/engine/engine.js";
import { defaultLimits } from "../../src/limits.js";
import { createScgiClient } from "../../src/scgi/client.js";
import { nodeConnector } from "../../src/transport/node-socket.js";
import { createUwsgiClient } from "../../src/uwsgi/client.js";
import { engines } from "../engine/engines.js";
import {
  answering,
  closing,
  type FakeServer,
  greeting,
  httpRefusal,
  resetting,
  type Script,
  silent,
  startFakeServer,
  tlsAlert,
} from "../harness/fake-server.js";

type Asked = Partial<ExchangeOptions> & { method?: string; listen?: "unix" | "tcp" };

let server: FakeServer;
afterEach(async () => {
  await server.allClosed();
  await server.stop();
});

const variables = [["PATH_INFO", "/x"]] as const;
const machines = (engine: Engine): Record<"scgi" | "uwsgi", CreateClientMachine> => ({
  scgi: (handlers) => createScgiClient({ variables, contentLength: 0 }, handlers, { engine }),
  uwsgi: (handlers) => createUwsgiClient({ variables }, handlers, engine),
});

const cases = engines.flatMap(([name, engine]) =>
  ([Protocol.Scgi, Protocol.Uwsgi] as const).map((protocol) => ({ name, engine, protocol })),
);

describe.each(cases)("$protocol on the $name engine", ({ engine, protocol }) => {
  const createMachine = machines(engine)[protocol];

  async function ask(script: Script, options: Asked = {}): Promise<GatewayResponse> {
    const { method = "GET", listen = "unix", ...rest } = options;
    server = await startFakeServer(script, { listen });
    const open = connectionPerRequest(nodeConnector(parseAddress(server.address), {}, engine));
    const receiver = new ResponseReceiver({ protocol }, method, defaultLimits, {});
    const exchangeOptions = { timeout: 2_000, drainTimeout: 0, ...rest };
    receiver.start(new Exchange(open, createMachine, receiver, exchangeOptions));
    return receiver.response;
  }

  it.each([
    ["of CGI", "Status: 404 Nope\r\nContent-Type: text/plain\r\n\r\nbody"],
    ["of HTTP, as uWSGI gives it", "HTTP/1.1 404 Nope\r\nContent-Type: text/plain\r\n\r\nbody"],
    ["with LF", "Status: 404 Nope\nContent-Type: text/plain\n\nbody"],
  ])("reads a response %s, byte by byte", async (_, answer) => {
    const response = await ask(answering(answer, 1));
    expect([response.status, response.statusText]).toEqual([404, "Nope"]);
    expect(await response.text()).toBe("body");
    expect(await response.ended).toEqual({ appStatus: 0, protocolStatus: 0 });
  });

  it("keeps a body of zero bytes apart from no answer", async () => {
    const response = await ask(answering("Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n"));
    expect(await response.text()).toBe("");
  });

  it.each(["unix", "tcp"] as const)("tells a close without an answer, over %s", async (listen) => {
    await expect(ask(closing, { listen })).rejects.toMatchObject({ code: "closed_without_answer" });
  });

  it("tells a reset", async () => {
    await expect(ask(resetting, { listen: "tcp" })).rejects.toMatchObject({
      code: "closed_without_answer",
      message: "the peer reset the connection",
    });
  });

  it("calls a head that ends early truncated", async () => {
    const failure = ask(answering("Status: 200 OK\r\nContent-T"));
    await expect(failure).rejects.toMatchObject({ code: "truncated", offset: 25 });
  });

  it("calls a body that is shorter than its Content-Length truncated", async () => {
    const response = await ask(answering("Status: 200 OK\r\nContent-Length: 10\r\n\r\nshort"));
    expect(response.status).toBe(200);
    const failure = {
      code: "truncated",
      offset: 5,
      message: expect.stringContaining("5 of the 10"),
    };
    await expect(response.text()).rejects.toMatchObject(failure);
    await expect(response.ended).rejects.toMatchObject(failure);
  });

  it("calls a body that a reset cuts off truncated, whatever its head says", async () => {
    const response = await ask(
      async (peer) => {
        await peer.receive(1);
        await peer.send("Status: 200 OK\r\n\r\nhalf");
        await new Promise((resolve) => setTimeout(resolve, 30));
        peer.reset();
      },
      { listen: "tcp" },
    );
    await expect(response.text()).rejects.toMatchObject({ code: "truncated" });
  });

  it.each([
    ["HEAD", "Status: 200 OK\r\nContent-Length: 10\r\n\r\n"],
    ["GET", "Status: 304 Not Modified\r\nContent-Length: 10\r\n\r\n"],
  ])("expects no body of %s %s", async (method, answer) => {
    const response = await ask(answering(answer), { method });
    expect(response.body).toBeNull();
    expect(await response.ended).toMatchObject({ appStatus: 0 });
  });

  it("keeps its deadline while the backend is silent", async () => {
    await expect(ask(silent, { timeout: 50 })).rejects.toMatchObject({ code: "deadline" });
  });

  it("names the timeout that was set, whatever of it has passed before the request is sent", async () => {
    const body = new ReadableStream({
      start(controller) {
        setTimeout(() => controller.close(), 20);
      },
    });
    server = await startFakeServer(silent);
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const request = new Request("http://localhost/", init);
    const failure = gatewayFetch(`scgi://${server.address}`, request, { timeout: 120 });
    await expect(failure).rejects.toMatchObject({ message: "no complete answer within 120 ms" });
  });

  it("keeps its deadline while the body is not complete", async () => {
    const response = await ask(
      async (peer) => {
        await peer.receive(1);
        await peer.send("Status: 200 OK\r\n\r\nhalf");
      },
      { timeout: 100 },
    );
    await expect(response.text()).rejects.toMatchObject({ code: "deadline" });
  });

  it("is cancelled", async () => {
    const abort = new AbortController();
    const script: Script = async (peer) => {
      await peer.receive(1);
      abort.abort();
    };
    const failure = ask(script, { signal: abort.signal });
    await expect(failure).rejects.toMatchObject({ code: "aborted" });
  });

  it.each([
    ["HTTP", httpRefusal],
    ["TLS", tlsAlert],
    ["SSH", greeting("SSH-2.0-OpenSSH_9.2p1\r\n")],
    ["Redis", answering("-ERR unknown command\r\n")],
    ["HTML", answering("<html><body>400 Bad Request</body></html>")],
    ["FastCGI", answering(Buffer.from("010b000000080000ff00000000000000", "hex"))],
  ])("says that the peer speaks %s", async (name, script) => {
    await expect(ask(script)).rejects.toMatchObject({
      code: "wrong_protocol",
      message: expect.stringContaining(name),
    });
  });

  it("takes an application's own 400 for what it is", async () => {
    const response = await ask(answering("HTTP/1.1 400 Bad Request\r\nX-App: 1\r\n\r\nno"));
    expect([response.status, await response.text()]).toEqual([400, "no"]);
  });
});

describe("a request", () => {
  const page = answering("Status: 200 OK\r\n\r\npage");
  async function sent(scheme: string, init: RequestInit = {}): Promise<string> {
    server = await startFakeServer(page, { listen: "tcp" });
    const request = new Request("http://h/a%20b?q", init);
    await (await gatewayFetch(`${scheme}://${server.address}`, request)).text();
    return server.peers[0]?.received().toString("latin1") ?? "";
  }

  it("S2.37 has CONTENT_LENGTH first and SCGI 1 in SCGI, and its body after the netstring", async () => {
    const bytes = await sent("scgi", { method: "POST", body: "body" });
    expect(bytes).toMatch(/^\d+:CONTENT_LENGTH\x004\x00SCGI\x001\x00/);
    expect(bytes.endsWith("\0,body")).toBe(true);
  });

  it("has its path in PATH_INFO, because an application has no script", async () => {
    const bytes = await sent("scgi");
    expect(bytes).toContain("\0SCRIPT_NAME\0\0PATH_INFO\0/a b\0");
    expect(bytes).not.toContain("SCRIPT_FILENAME");
  });

  it("has uwsgi's header with its length in little endian, and its body after it", async () => {
    const bytes = Buffer.from(await sent("uwsgi", { method: "POST", body: "body" }), "latin1");
    expect([bytes[0], bytes[3]]).toEqual([0, 0]);
    expect(bytes.subarray(4 + bytes.readUInt16LE(1)).toString()).toBe("body");
  });

  it("is refused where its variables do not fit in a uwsgi packet", async () => {
    server = await startFakeServer(page, { listen: "tcp" });
    const variables = [["BIG", "x".repeat(65_530)]] as const;
    const failure = gatewayFetch(`uwsgi://${server.address}`, new Request("http://h/"), {
      variables,
    });
    await expect(failure).rejects.toMatchObject({
      code: "limit_exceeded",
      hint: expect.stringContaining("buffer-size"),
    });
    expect(server.peers[0]?.received().length ?? 0).toBe(0);
  });

  it("is too large for a uWSGI that closes on it: the hint says so", async () => {
    server = await startFakeServer(closing, { listen: "tcp" });
    const variables = [["BIG", "x".repeat(5_000)]] as const;
    const failure = gatewayFetch(`uwsgi://${server.address}`, new Request("http://h/"), {
      variables,
    });
    await expect(failure).rejects.toMatchObject({
      code: "closed_without_answer",
      hint: expect.stringContaining("buffer-size"),
    });
  });
});
