import { describe, expect, it } from "vitest";
import { fetchServerStatusPage } from "../src/apache/fetch/fetch-status.js";
import { keepConnections } from "../src/client/connect.js";
import { timerDelay } from "../src/client/exchange.js";
import { gatewayFetch } from "../src/client/fetch.js";
import { ping, status } from "../src/phpfpm/status.js";
import { answering, silent, startFakeServer } from "./harness/fake-server.js";

const request = () => new Request("http://app.test/");

describe("timerDelay", () => {
  it.each([
    [0, 1],
    [-5, 1],
    [2_147_483_648, 2_147_483_647],
    [Number.POSITIVE_INFINITY, 2_147_483_647],
    [250, 250],
  ])("makes of %d a delay of %d ms", (given, delay) => {
    expect(timerDelay("timeout", given)).toBe(delay);
  });
});

describe("an option in milliseconds", () => {
  it("that is endless waits for an answer", async () => {
    const page = "Status: 200\r\nContent-Type: text/plain\r\n\r\npong";
    await using server = await startFakeServer(answering(Buffer.from(page), 1_000));
    const endless = { timeout: Number.POSITIVE_INFINITY, connectTimeout: 2 ** 40 };
    // The fake server does not speak FastCGI: the answer is read, and is the error.
    await expect(ping(server.address, endless)).rejects.toMatchObject({ code: "wrong_protocol" });
  });

  it("that is 0 leaves no time", async () => {
    await using server = await startFakeServer(silent);
    const failure = gatewayFetch(server.address, request(), { timeout: 0 });
    await expect(failure).rejects.toMatchObject({ name: "GatewayError" });
  });

  it.each(["timeout", "headTimeout", "drainTimeout", "connectTimeout"])(
    "%s that is no number is refused by name",
    async (name) => {
      await using server = await startFakeServer(silent);
      const failure = gatewayFetch(server.address, request(), { [name]: Number.NaN });
      await expect(failure).rejects.toMatchObject({
        code: "bad_input",
        message: `${name} is NaN, not milliseconds`,
      });
      await server.allClosed();
    },
  );

  it("that is no number is refused by status and by Apache's reader", async () => {
    const refusal = { code: "bad_input" };
    const bad = { timeout: "5s" as unknown as number };
    await expect(status("unix:/missing.sock", bad)).rejects.toMatchObject(refusal);
    await expect(fetchServerStatusPage("http://127.0.0.1:1/", bad)).rejects.toMatchObject(refusal);
  });
});

describe("kept connections", () => {
  it("of another backend are refused, and both addresses named", async () => {
    const kept = keepConnections("127.0.0.1:9001");
    const failure = gatewayFetch("127.0.0.1:9002", request(), { connections: kept });
    await expect(failure).rejects.toMatchObject({
      code: "bad_input",
      message: "the request is for 127.0.0.1:9002, but its connections lead to 127.0.0.1:9001",
    });
    kept.close();
  });
});
