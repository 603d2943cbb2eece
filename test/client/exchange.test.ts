import { afterEach, describe, expect, it } from "vitest";
import { type Answer, type CollectOptions, collect } from "../../src/client/collect.js";
import { channelsTo, targetAddress } from "../../src/client/connect.js";
import { FastCgiClient } from "../../src/fastcgi/client.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType, Role } from "../../src/fastcgi/protocol.js";
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

const bytes = (text: string) => new TextEncoder().encode(text);
const record = (type: number, text: string) => encodeRecord(type, 1, bytes(text));
const page = Buffer.concat([
  record(RecordType.Stdout, "Content-Type: text/plain\r\n\r\npage"),
  encodeEndRequest(1, 0, 0),
]);

let server: FakeServer;
afterEach(async () => {
  await server.allClosed();
  await server.stop();
});

async function ask(
  script: Script,
  options: Partial<CollectOptions> & { listen?: "unix" | "tcp" } = {},
): Promise<Answer> {
  const { listen = "unix", ...rest } = options;
  server = await startFakeServer(script, { listen });
  const open = channelsTo(targetAddress(server.address));
  return collect(
    open,
    (handlers, terms) =>
      new FastCgiClient(
        { variables: [["SCRIPT_NAME", "/x"]], role: Role.Responder, ...terms },
        handlers,
      ),
    { timeout: 2_000, maxLength: 1_000_000, ...rest },
  );
}

const text = (answer: Answer) => new TextDecoder().decode(answer.stdout);

describe.each(["unix", "tcp"] as const)("an exchange over %s", (listen) => {
  it("S0.22 reads an answer that comes byte by byte", async () => {
    const answer = await ask(answering(page, 1), { listen });
    expect(text(answer)).toBe("Content-Type: text/plain\r\n\r\npage");
  });

  it("S0.24 destroys the socket at END_REQUEST, while the peer holds it open", async () => {
    await ask(
      async (peer) => {
        await peer.receive(1);
        await peer.send(page);
      },
      { listen },
    );
    await server.allClosed(500);
  });

  it("S0.32 sends BEGIN_REQUEST, PARAMS and an empty STDIN", async () => {
    await ask(answering(page), { listen });
    const sent = server.peers[0]?.received() ?? Buffer.alloc(0);
    expect(sent.toString("hex")).toBe(
      "0101000100080000" +
        "0001000000000000" +
        "01040001000f0100" +
        `0b02${Buffer.from("SCRIPT_NAME/x").toString("hex")}00` +
        "0104000100000000" +
        "0105000100000000",
    );
  });

  it("says that the peer closed without an answer", async () => {
    await expect(ask(closing, { listen })).rejects.toMatchObject({ code: "closed_without_answer" });
  });

  it("says that the peer reset the connection", async () => {
    await expect(ask(resetting, { listen })).rejects.toMatchObject({
      code: "closed_without_answer",
    });
  });

  it("S0.22 calls an answer that ends early truncated", async () => {
    await expect(ask(answering(page.subarray(0, 30)), { listen })).rejects.toMatchObject({
      code: "truncated",
      offset: 30,
    });
  });

  it.each([
    ["HTTP", httpRefusal],
    ["TLS", tlsAlert],
    ["SSH", greeting("SSH-2.0-OpenSSH_9.2p1\r\n")],
  ])("says that the peer speaks %s", async (protocol, script) => {
    await expect(ask(script, { listen })).rejects.toMatchObject({
      code: "wrong_protocol",
      message: expect.stringContaining(protocol),
    });
  });

  it("S0.35 keeps one deadline, and says what may keep the backend busy", async () => {
    const started = performance.now();
    const failure = ask(silent, { listen, timeout: 100, drainTimeout: 50 });
    await expect(failure).rejects.toMatchObject({
      code: "deadline",
      hint: expect.stringContaining("every worker may be busy"),
    });
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it("keeps the deadline against a peer that never stops sending single bytes", async () => {
    const script: Script = async (peer) => {
      while (!peer.socket.destroyed) await peer.send(record(RecordType.Stderr, "."), 1);
    };
    await expect(ask(script, { listen, timeout: 100, drainTimeout: 50 })).rejects.toMatchObject({
      code: "deadline",
    });
  });

  it("drains what it abandons, and then closes", async () => {
    const abort = new AbortController();
    const failure = ask(
      async (peer) => {
        await peer.receive(1);
        abort.abort();
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(peer.socket.destroyed).toBe(false);
        await peer.send(page);
      },
      { listen, signal: abort.signal },
    );
    await expect(failure).rejects.toMatchObject({ code: "aborted" });
    await server.allClosed(1_000);
    expect(server.errors).toEqual([]);
    const sent = server.peers[0]?.received().toString("hex");
    expect(sent?.endsWith("0102000100000000")).toBe(true);
  });

  it("drains no more than 8 MiB of an answer that never ends", async () => {
    const part = record(RecordType.Stdout, "x".repeat(65_528));
    let sent = 0;
    const abort = new AbortController();
    const script: Script = async (peer) => {
      await peer.receive(1);
      abort.abort();
      const { socket } = peer;
      const closed = new Promise((done) => socket.once("close", done));
      while (!socket.destroyed) {
        sent += part.length;
        const isTaken = socket.write(part);
        if (!isTaken) await Promise.race([new Promise((go) => socket.once("drain", go)), closed]);
      }
    };
    const failure = ask(script, { listen, signal: abort.signal, drainTimeout: 60_000 });
    await expect(failure).rejects.toMatchObject({ code: "aborted" });
    await server.allClosed(10_000);
    expect(sent).toBeGreaterThan(8_000_000);
    expect(sent).toBeLessThan(40_000_000);
  });

  it("is cancelled before it begins by a signal that has aborted", async () => {
    const failure = ask(silent, { listen, signal: AbortSignal.abort() });
    await expect(failure).rejects.toMatchObject({ code: "aborted" });
  });

  it("bounds the answer", async () => {
    const failure = ask(answering(page), { listen, maxLength: 10, drainTimeout: 0 });
    await expect(failure).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  it("gives stderr to the error", async () => {
    const said = record(RecordType.Stderr, "Primary script unknown");
    await expect(ask(answering(said), { listen })).rejects.toMatchObject({
      code: "truncated",
      stderr: "Primary script unknown",
    });
  });

  it("S0.33 takes an answer from a peer that has not read everything", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    const answer = await ask(
      async (peer) => {
        await peer.receive(1);
        peer.socket.pause();
        await peer.send(page);
        peer.socket.destroy();
      },
      {
        listen,
        bodies: (machine) => [
          {
            content: body,
            length: undefined,
            encode: (piece) => machine.body(piece),
            end: () => machine.endBody(),
          },
        ],
      },
    );
    expect(text(answer)).toContain("page");
  });
});

describe("a connection that cannot be made", () => {
  const connect = async (address: string) => {
    const open = channelsTo(targetAddress(address));
    return collect(open, (handlers) => new FastCgiClient({ variables: [] }, handlers), {
      timeout: 2_000,
      maxLength: 1_000,
    });
  };

  it("S0.5 tells a missing socket", async () => {
    server = await startFakeServer(silent);
    await expect(connect(`${server.address}.gone`)).rejects.toMatchObject({
      code: "socket_missing",
    });
  });

  it("tells a port where nothing listens", async () => {
    server = await startFakeServer(silent, { listen: "tcp" });
    const { address } = server;
    await server.stop();
    await expect(connect(address)).rejects.toMatchObject({ code: "refused" });
  });
});
