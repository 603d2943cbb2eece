import net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { fetchStatusPage, fleet, ping, status } from "../../src/phpfpm/status.js";
import { describeWith } from "../harness/describe-with.js";
import { answering, type FakeServer, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";

const record = (type: number, text: string) =>
  encodeRecord(type, 1, new TextEncoder().encode(text));

/** Keeps workers of a pool busy for a while. */
function occupy(address: string, workers: number, milliseconds: number): Promise<unknown> {
  const request = () =>
    gatewayFetch(address, new Request(`http://localhost/sleep.php?ms=${milliseconds}`), {
      scriptFilename: phpScript("sleep.php"),
    }).then((response) => response.text());
  return Promise.all(Array.from({ length: workers }, request));
}

describeWith(["php-fpm"], "status of real pools", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "static", pm: "static", maxChildren: 3, listen: "unix" },
        { name: "dynamic", pm: "dynamic", maxChildren: 4, listen: "tcp" },
        { name: "ondemand", pm: "ondemand", maxChildren: 2, listen: "unix" },
        { name: "busy", pm: "static", maxChildren: 1, listen: "unix", statusListen: true },
        { name: "full", pm: "static", maxChildren: 1, listen: "unix", backlog: 1 },
        {
          name: "forbidden",
          pm: "static",
          maxChildren: 1,
          listen: "tcp",
          extra: { "listen.allowed_clients": "192.0.2.1" },
        },
        {
          name: "silent",
          pm: "static",
          maxChildren: 1,
          listen: "unix",
          extra: { "pm.status_path": "/elsewhere" },
        },
      ],
    });
  });
  afterAll(() => fpm.stop());

  it.each(["static", "dynamic", "ondemand"])("reads a %s pool", async (name) => {
    const found = await status(fpm.pool(name).address);
    expect(found).toMatchObject({ pool: name, processManager: name, warnings: [] });
    expect(found.activeProcesses).toBe(1);
    expect(found.processes).toBeUndefined();
    expect(Math.abs(Date.now() - (found.startTime?.getTime() ?? 0))).toBeLessThan(60_000);
  });

  it("has no other time for the connection than that of the whole request", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    try {
      await status(fpm.pool("static").address, { timeout: 30_000 });
      const delays = timers.mock.calls.map(([, delay]) => delay);
      expect(delays.filter((delay) => delay !== undefined && delay < 20_000)).toEqual([]);
    } finally {
      timers.mockRestore();
    }
  });

  it.each(["text", "json", "xml"] as const)("reads the processes from %s", async (format) => {
    const found = await status(fpm.pool("static").address, { full: true, format });
    expect(found.processes).toHaveLength(3);
    const running = found.processes?.filter(({ state }) => state === "Running");
    expect(running).toHaveLength(1);
    expect(running?.[0]?.requestUri).toMatch(/^\/status\?/);
  });

  it("reads OpenMetrics", async () => {
    const found = await status(fpm.pool("static").address, { format: "openmetrics" });
    expect(found).toMatchObject({ pool: "static", totalProcesses: 3 });
  });

  it.each<readonly [string, object, string]>([
    ["format", { format: "jsn" }, 'format: "jsn" is not text, json, xml, html or openmetrics'],
    ["timeout", { timeout: "5000" }, 'timeout: "5000" is not a number'],
    ["signal", { signal: {} }, "signal: [object Object] is not an AbortSignal"],
    ["full", { full: 1 }, "full: 1 is not a boolean"],
  ])("names a wrong option: %s", async (_, options, message) => {
    const { address } = fpm.pool("static");
    await expect(status(address, options)).rejects.toThrow(new TypeError(message));
    await expect(fetchStatusPage(address, options)).rejects.toThrow(new TypeError(message));
    expect(() => fleet([address], options)).toThrow(new TypeError(message));
    await expect(ping(address, null as never)).rejects.toThrow("options: null is not an object");
  });

  it("returns the page as the pool sent it", async () => {
    const page = new TextDecoder().decode(await fetchStatusPage(fpm.pool("static").address));
    expect(page).toMatch(/^pool: {17}static\nprocess manager: {6}static\n/);
  });

  it("S0.8 pings", async () => {
    expect(await ping(fpm.pool("static").bareAddress)).toBe("pong");
  });

  it("S0.35 explains why a busy pool does not answer, and reads its status by status_listen", async () => {
    const pool = fpm.pool("busy");
    const work = occupy(pool.address, 1, 1_500);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(status(pool.address, { timeout: 300 })).rejects.toMatchObject({
      code: "deadline",
      address: pool.address,
      hint: expect.stringContaining("pm.status_listen"),
    });
    const found = await status(pool.statusListenAddress as string);
    expect(found).toMatchObject({ pool: "busy", activeProcesses: 1, idleProcesses: 0 });
    await work;
  });

  it("distinguishes a saturated pool from one that is down", async () => {
    const pool = fpm.pool("full");
    const work = occupy(pool.address, 1, 1_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const waiting: net.Socket[] = [];
    const failures = new Set<unknown>();
    for (let index = 0; index < 5; index++) {
      waiting.push(net.connect(pool.bareAddress).on("error", () => {}));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    await status(pool.address, { timeout: 500 }).catch((error) => failures.add(error.code));
    for (const socket of waiting) socket.destroy();
    await work;
    expect([...failures]).toEqual(["backlog_full"]);
  });

  it("reports a pool that refuses our address", async () => {
    await expect(status(fpm.pool("forbidden").address)).rejects.toMatchObject({
      code: "closed_without_answer",
      hint: expect.stringContaining("listen.allowed_clients"),
    });
  });

  it("reports a page that has another path", async () => {
    await expect(status(fpm.pool("silent").address)).rejects.toMatchObject({
      code: "page_not_found",
      hint: expect.stringContaining("pm.status_path"),
    });
  });

  it("reports a path that the pool forbids", async () => {
    await expect(
      status(fpm.pool("static").bareAddress, { path: fpm.documentRoot }),
    ).rejects.toMatchObject({ code: "access_denied" });
  });

  it("reports a script that is not a status page", async () => {
    await expect(
      status(fpm.pool("static").bareAddress, { path: phpScript("echo.php") }),
    ).rejects.toMatchObject({
      code: "not_a_status_page",
      address: fpm.pool("static").bareAddress,
    });
  });

  it("reads the page while the pool reloads, or reports that the answer was cut off", async () => {
    const { address } = fpm.pool("static");
    let stop = false;
    const outcomes = new Map<string, number>();
    const reading = (async () => {
      while (!stop) {
        const outcome = await status(address, { timeout: 2_000 }).then(
          () => "ok",
          (error: { code: string }) => error.code,
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    })();
    await fpm.reload();
    await fpm.reload();
    stop = true;
    await reading;
    expect(outcomes.get("ok")).toBeGreaterThan(0);
    const known = ["ok", "closed_without_answer", "truncated", "refused", "socket_missing"];
    expect(known).toEqual(expect.arrayContaining([...outcomes.keys()]));
    expect(await ping(address.replace("/status", "/ping"))).toBe("pong");
  });

  it("S0.24 kills no worker in 2,000 full scrapes, of which some are cancelled", async () => {
    const { address } = fpm.pool("static");
    const before = fpm.exitedChildren().length;
    let left = 2_000;
    let cancelled = 0;
    let read = 0;
    const scrape = async (): Promise<void> => {
      while (left-- > 0) {
        const signal = left % 10 === 0 ? AbortSignal.timeout(left % 3) : undefined;
        await status(address, { full: true, signal }).then(
          () => read++,
          (error: { code: string }) => {
            expect(error.code).toBe("aborted");
            cancelled++;
          },
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, scrape));
    expect(read + cancelled).toBe(2_000);
    expect(cancelled).toBeGreaterThan(20);
    await ping(address.replace("/status", "/ping"));
    expect(fpm.exitedChildren().slice(before)).toEqual([]);
  });
});

describe("status that is unavailable for a moment", () => {
  let server: FakeServer | undefined;
  afterEach(() => server?.stop());

  const locked = Buffer.concat([
    record(
      RecordType.Stderr,
      "scoreboard: failed to lock (already locked); status: unable to find or access status shared memory",
    ),
    record(RecordType.Stdout, "Status: 500 Internal Server Error\r\n\r\n"),
    encodeEndRequest(1, 0, 0),
  ]);
  const busy = Buffer.concat([
    record(
      RecordType.Stdout,
      "Status: 503 Service Unavailable\r\n\r\nServer busy. Please try again later.",
    ),
    encodeEndRequest(1, 0, 0),
  ]);
  const page = Buffer.concat([
    record(RecordType.Stdout, "Content-Type: text/plain\r\n\r\npong"),
    encodeEndRequest(1, 0, 0),
  ]);

  it.each([
    ["S0.28 a scoreboard that cannot be locked", locked],
    ["a server that is busy", busy],
  ])("is asked once more: %s", async (_, trouble) => {
    const answers = [trouble, page];
    server = await startFakeServer((peer) => answering(answers.shift() ?? page)(peer));
    expect(await ping(server.address)).toBe("pong");
    expect(server.accepted).toBe(2);
  });

  it("is an error after one retry", async () => {
    server = await startFakeServer(answering(locked));
    await expect(ping(server.address)).rejects.toMatchObject({
      code: "server_busy",
      stderr: expect.stringContaining("failed to lock"),
    });
    expect(server.accepted).toBe(2);
  });

  it("S0.27 reports a 500 as an error, with its stderr", async () => {
    const broken = Buffer.concat([
      record(RecordType.Stderr, "PHP message: boom"),
      record(RecordType.Stdout, "Status: 500 Internal Server Error\r\n\r\n"),
      encodeEndRequest(1, 0, 0),
    ]);
    server = await startFakeServer(answering(broken));
    await expect(ping(server.address)).rejects.toMatchObject({
      code: "bad_status",
      stderr: "PHP message: boom",
    });
  });

  it("S0.29 reports an answer without a head as malformed", async () => {
    const headless = Buffer.concat([
      record(RecordType.Stdout, "no header\n\npong"),
      encodeEndRequest(1, 0, 0),
    ]);
    server = await startFakeServer(answering(headless));
    await expect(ping(server.address)).rejects.toMatchObject({ code: "malformed" });
  });
});
