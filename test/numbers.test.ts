import { describe, expect, it } from "vitest";
import { fetchServerStatusPage } from "../src/apache/fetch/fetch-status.js";
import type { ApacheServer } from "../src/apache/processes/apache-servers.js";
import type { ProcessTable } from "../src/apache/processes/process-table.js";
import { killWorkers } from "../src/apache/workers/kill.js";
import { bridge } from "../src/client/bridge.js";
import { keepConnections } from "../src/client/connect.js";
import { timerDelay } from "../src/client/exchange.js";
import { gatewayFetch } from "../src/client/fetch.js";
import { fleet, ping, status } from "../src/phpfpm/status.js";
import { serveCgi } from "../src/server/serve-cgi.js";
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
    const bad = { timeout: "5s" as unknown as number };
    const named = new TypeError('timeout: "5s" is not a number');
    await expect(status("unix:/missing.sock", bad)).rejects.toThrow(named);
    const refusal = { code: "bad_input" };
    await expect(fetchServerStatusPage("http://127.0.0.1:1/", bad)).rejects.toMatchObject(refusal);
  });
});

describe("a time that is negative or no number", () => {
  const refusedBy = (name: string) => ({
    code: "bad_input",
    message: expect.stringMatching(`^${name} is (-1|NaN), not milliseconds`),
  });

  it.each([-1, Number.NaN])("%d is refused as the grace of a CGI program", async (killGrace) => {
    const failure = gatewayFetch("cgi:/bin/true", request(), { program: { killGrace } });
    await expect(failure).rejects.toMatchObject(refusedBy("killGrace"));
  });

  it.each([-1, Number.NaN])("%d is refused as a delay of bridge's retries", async (delay) => {
    const failure = bridge("127.0.0.1:9000", { env: {}, retryDelays: [delay] });
    await expect(failure).rejects.toMatchObject(refusedBy("retryDelays"));
  });

  it.each([-1, Number.NaN])("%d is refused as a fleet's jitter", async (jitter) => {
    const results = fleet(["127.0.0.1:9000"], { jitter });
    await expect(results.next()).rejects.toMatchObject(refusedBy("jitter"));
  });

  it.each([-1, Number.NaN])("%d is refused by serveCgi", async (bodyTimeout) => {
    const failure = serveCgi(() => new Response(), { env: {}, bodyTimeout });
    await expect(failure).rejects.toMatchObject(refusedBy("bodyTimeout"));
  });

  it.each([
    ["grace", -1],
    ["patience", Number.NaN],
  ])("is refused as the %s of a kill, before any signal", async (name, value) => {
    const process = { pid: 1, parentPid: 0, startedAt: 0 };
    const server = { master: process } as unknown as ApacheServer;
    const failure = killWorkers([], server, {} as ProcessTable, { [name]: value });
    await expect(failure).rejects.toMatchObject(refusedBy(name));
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
