import net from "node:net";
import { Duplex } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetchOver, statusOver } from "../../src/edge.js";
import { describeWith } from "../harness/describe-with.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";

const streamsTo = (path: string) =>
  Duplex.toWeb(net.connect(path)) as unknown as {
    readable: ReadableStream<Uint8Array>;
    writable: WritableStream<Uint8Array>;
  };

describeWith(["php-fpm"], "Web Streams to a real php-fpm", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "x", pm: "static", maxChildren: 3, listen: "unix" }],
    });
  });
  afterAll(() => fpm.stop());

  it("carry a request and its streaming response", async () => {
    const response = await gatewayFetchOver(
      streamsTo(fpm.pool("x").bareAddress),
      new Request("http://localhost/big.php?bytes=3000000"),
      { scriptFilename: phpScript("big.php") },
    );
    expect((await response.arrayBuffer()).byteLength).toBe(3_000_000);
  });

  it("carry a large body up", async () => {
    const body = new Uint8Array(5_000_000).fill(7);
    const response = await gatewayFetchOver(
      streamsTo(fpm.pool("x").bareAddress),
      new Request("http://localhost/echo.php", { method: "POST", body }),
      { scriptFilename: phpScript("echo.php"), contentLength: body.length },
    );
    expect(await response.json()).toMatchObject({ bodyLength: 5_000_000 });
  });

  it("make the backend wait for a slow reader", async () => {
    const response = await gatewayFetchOver(
      streamsTo(fpm.pool("x").bareAddress),
      new Request("http://localhost/big.php?bytes=10000000"),
      { scriptFilename: phpScript("big.php"), bufferedBody: 100_000 },
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await response.arrayBuffer()).byteLength).toBe(10_000_000);
  });

  it("carry the status of a pool", async () => {
    const found = await statusOver(streamsTo(fpm.pool("x").bareAddress), { full: true });
    expect(found).toMatchObject({ pool: "x", totalProcesses: 3 });
    expect(found.processes).toHaveLength(3);
  });
});

describe("Web Streams", () => {
  it("say that nothing may listen where a connection ends before its first byte", async () => {
    const ended = {
      readable: new ReadableStream<Uint8Array>({ start: (controller) => controller.close() }),
      writable: new WritableStream<Uint8Array>(),
    };
    await expect(statusOver(ended)).rejects.toMatchObject({
      code: "closed_without_answer",
      hint: expect.stringMatching(/^the peer closed .*; or nothing listens there: /),
    });
  });

  it("are closed at the deadline", async () => {
    await using server = await startFakeServer(silent);
    const streams = streamsTo(server.bareAddress);
    const failure = gatewayFetchOver(streams, new Request("http://localhost/"), {
      timeout: 50,
      drainTimeout: 10,
    });
    await expect(failure).rejects.toMatchObject({ code: "deadline" });
    await server.allClosed();
  });
});
