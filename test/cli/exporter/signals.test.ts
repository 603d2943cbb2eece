import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silent, startFakeServer } from "../../harness/fake-server.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { spawnCommand } from "../cli.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

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
