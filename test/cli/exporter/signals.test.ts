import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { silent, startFakeServer } from "../../harness/fake-server.js";
import { until } from "../../harness/server-process.js";
import { spawnCommand } from "../cli.js";
import { startExporter } from "./start-exporter.js";

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
    expect([0, 130, 143]).toContain(await exporter.ended);
    await page;
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
