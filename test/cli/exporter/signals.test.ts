import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { type Script, silent, startFakeServer } from "../../harness/fake-server.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { makeCertificates } from "../../web/certificates.js";
import { spawnCommand } from "../cli.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

/** Sends a byte of a long record now and then: the answer never ends, and never stops. */
const dripping: Script = async ({ socket }) => {
  socket.write(Uint8Array.of(1, 6, 0, 1, 255, 255, 0, 0));
  for (; !socket.destroyed; await sleep(20)) socket.write("x");
};

describe("an exporter whose pool is silent", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("%s ends it with 0 within two seconds", async (name) => {
    await using pool = await startFakeServer(silent, { listen: "tcp" });
    await using exporter = await startExporter([`${pool.address}/status`]);
    const page = exporter.get("/metrics").catch(() => "");
    await until(
      () => pool.accepted > 0,
      () => "the pool was not asked",
    );
    const from = performance.now();
    exporter.signal(name);
    expect(await exporter.ended).toBe(0);
    expect(performance.now() - from).toBeLessThan(2_000);
    await page;
  });

  it("a second signal ends it at once", async () => {
    await using pool = await startFakeServer(silent, { listen: "tcp" });
    await using exporter = await startExporter([`${pool.address}/status`]);
    const page = exporter.get("/metrics").catch(() => "");
    await until(
      () => pool.accepted > 0,
      () => "the pool was not asked",
    );
    exporter.signal("SIGTERM");
    exporter.signal("SIGINT");
    // 0 where the first signal was faster, and none where the second one ended it.
    expect([0, null]).toContain(await exporter.ended);
    await page;
  });
});

describe("an exporter that has to end while something hangs", () => {
  /** Sends SIGTERM, and returns how it ended. */
  async function end(exporter: RunningExporter) {
    const from = performance.now();
    exporter.signal("SIGTERM");
    const code = await exporter.ended;
    return { code, inTime: performance.now() - from < 2_000 };
  }

  it("a list of targets that does not come, at the start and at a reload", async () => {
    await using list = await startFakeServer(silent, { listen: "tcp" });
    const file = join(makeFolder(), "site.yaml");
    writeFileSync(file, `discover: { http: ["http://${list.bareAddress}/"] }\n`);
    await using starting = await startExporter([`--config=${file}`]);
    expect(await end(starting)).toEqual({ code: 0, inTime: true });

    writeFileSync(file, "targets: [127.0.0.1:1/status]\n");
    await using reloading = await startExporter([`--config=${file}`]);
    const asked = list.accepted;
    writeFileSync(file, `discover: { http: ["http://${list.bareAddress}/"] }\n`);
    reloading.signal("SIGHUP");
    await until(
      () => list.accepted > asked,
      () => "the list was not asked for",
    );
    expect(await end(reloading)).toEqual({ code: 0, inTime: true });
  });

  it("a file system that does not answer: the signal itself ends it", async () => {
    const folder = makeFolder();
    const pipe = join(folder, "pipe");
    const preload = join(folder, "preload.cjs");
    // A pipe that nobody writes keeps a thread of libuv, as a file server does that is gone.
    execFileSync("mkfifo", [pipe]);
    writeFileSync(preload, `require("node:fs").open(${JSON.stringify(pipe)}, "r", () => {});`);
    await using exporter = await startExporter(["127.0.0.1:1/status"], {
      env: { NODE_OPTIONS: `--require=${preload}` },
    });
    expect(await end(exporter)).toEqual({ code: null, inTime: true });
  });

  it("silent and dripping pools, a silent list, half a handshake of TLS, and half a request", async () => {
    await using pool = await startFakeServer(silent, { listen: "tcp" });
    await using drip = await startFakeServer(dripping, { listen: "tcp" });
    await using list = await startFakeServer(silent, { listen: "tcp" });
    const { folder } = makeCertificates();
    const [site, web] = [join(folder, "site.yaml"), join(folder, "web.yml")];
    const many = Array.from({ length: 300 }, (_, index) => `${pool.address}/${index}`);
    const targets = JSON.stringify([`${drip.address}/status`, ...many]);
    const discover = `{ http: ["http://${list.bareAddress}/"] }`;
    writeFileSync(site, `targets: ${targets}\ndiscover: ${discover}\n`);
    writeFileSync(web, "tls_server_config: { cert_file: server.crt, key_file: server.key }\n");
    await using exporter = await startExporter([`--config=${site}`, `--web.config.file=${web}`]);
    const { hostname: host, port } = new URL(exporter.url);
    const [raw, ...others] = Array.from({ length: 3 }, () => connect({ host, port: Number(port) }));
    const [scrape, half] = others.map((socket) =>
      connectTls({ socket, rejectUnauthorized: false }),
    );
    const sockets = [raw, scrape, half];
    for (const socket of sockets) socket?.on("error", () => {});
    raw?.write(Uint8Array.of(0x16, 3, 1));
    scrape?.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    half?.write("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1");
    await until(
      () => pool.accepted > 200 && drip.accepted > 0 && list.accepted > 0,
      () => "the pools were not asked",
    );
    expect(await end(exporter)).toEqual({ code: 0, inTime: true });
    for (const socket of sockets) socket?.destroy();
  });

  it("a client that does not read its answer", async () => {
    await using pool = await startFakeServer(silent, { listen: "tcp" });
    await using exporter = await startExporter([`${pool.address}/status`]);
    const { hostname: host, port } = new URL(exporter.url);
    const client = connect({ host, port: Number(port) });
    client.on("error", () => {});
    client.pause();
    client.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
    await until(
      () => pool.accepted > 0,
      () => "the pool was not asked",
    );
    expect(await end(exporter)).toEqual({ code: 0, inTime: true });
    client.destroy();
  });
});

describe("exit codes of the exporter", () => {
  it("1 when it cannot listen", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const args = ["exporter", `--web.listen-address=127.0.0.1:${port}`, "127.0.0.1:1/status"];
    const { code, stderr } = await spawnCommand(args);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${port}`);
    expect(stderr).toContain("hint: ");
    expect(stderr).not.toContain("    at ");
  });

  it.each([
    ["--no-such-flag"],
    ["--log.level=loud"],
    ["--phpfpm.scrape-uri=nonsense"],
    ["--scrape_uri=tcp://127.0.0.1:9000/status"],
    ["--out=json"],
  ])("2 for %s", async (arg) => {
    const { code, stderr } = await spawnCommand(["exporter", arg]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^fcgi-probe: .*\nhint: .*\n$/);
  });
});

it("SIGHUP from its first moment on does not end an exporter, which starts", async () => {
  await using exporter = await startExporter(["127.0.0.1:1/status"], { hangUps: true });
  expect(await exporter.get("/-/healthy")).toMatch(/./);
  exporter.signal("SIGTERM");
  expect(await exporter.ended).toBe(0);
});
