import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { seriesOfRequests, startReceiver } from "../../exporter/push/receiver.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { runHere, spawnCommand } from "../cli.js";
import { goodPool, start } from "../fake-pool.js";
import { startExporter } from "./start-exporter.js";

const bin = fileURLToPath(new URL("../../../bin/fcgi-probe.js", import.meta.url));

const written = (path: string) =>
  until(
    () => existsSync(path),
    () => `${path} was not written`,
  );

describe("--textfile", () => {
  it("is written beside the listener, and kept at the end", async () => {
    const target = await start(goodPool);
    const path = join(makeFolder(), "php.prom");
    await using exporter = await startExporter([`--textfile=${path}`, target]);
    await written(path);
    const series = `phpfpm_up{pool="www",scrape_uri="${target}"} 1`;
    expect(readFileSync(path, "utf8")).toContain(series);
    expect(await exporter.get("/metrics")).toContain(series);
    await exporter.logs(/msg="the textfile is written" destination=\S+php\.prom/);
    exporter.signal("SIGTERM");
    expect(await exporter.ended).toBe(0);
    expect(readFileSync(path, "utf8")).toContain(series);
  });

  it("is written without a listener where the address to listen on is empty", async () => {
    const target = await start(goodPool);
    const path = join(makeFolder(), "php.prom");
    const flags = [`--textfile=${path}`, "--textfile.interval=1s"];
    const args = [bin, "exporter", "--web.listen-address=", ...flags, target];
    const exporter = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    onTestFinished(() => void exporter.kill("SIGKILL"));
    const log = text(exporter.stderr);
    await written(path);
    const first = statSync(path).mtimeMs;
    await until(
      () => statSync(path).mtimeMs > first,
      () => "the file was not written again",
    );
    exporter.kill("SIGTERM");
    expect((await once(exporter, "exit"))[0]).toBe(0);
    expect(await log).not.toContain("listening");
  });

  it("or OTLP is needed where the address to listen on is empty", async () => {
    for (const more of [[], ["--check-config"]]) {
      const args = ["exporter", "--web.listen-address=", "127.0.0.1:9000/status", ...more];
      const { code, stderr } = await runHere(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/the metrics go nowhere\nhint: give --textfile or --otlp.endpoint/);
    }
  });

  it("is a key of the configuration, relative to the file, with an interval", async () => {
    const target = await start(goodPool);
    const folder = makeFolder();
    const [config, path] = [join(folder, "site.yaml"), join(folder, "php.prom")];
    writeFileSync(
      config,
      `targets: [${target}]\nmetric_style: modern\ntextfile: { path: php.prom, interval: 1s }\n`,
    );
    await using exporter = await startExporter([`--config=${config}`]);
    await written(path);
    expect(readFileSync(path, "utf8")).toMatch(/^phpfpm_accepted_connections_total\{/m);
    const first = statSync(path).mtimeMs;
    await until(
      () => statSync(path).mtimeMs > first,
      () => "the file was not written again",
    );
    expect(exporter.log.match(/the textfile is written/g)).toHaveLength(1);
  });

  it("follows a reload", async () => {
    const [one, other] = [await start(goodPool), await start(goodPool)];
    const folder = makeFolder();
    const [config, path] = [join(folder, "site.yaml"), join(folder, "php.prom")];
    writeFileSync(config, `targets: [${one}]\n`);
    const flags = [`--textfile=${path}`, "--textfile.interval=1s"];
    await using exporter = await startExporter([`--config=${config}`, ...flags]);
    await written(path);
    writeFileSync(config, `targets: [${one}, ${other}]\n`);
    exporter.signal("SIGHUP");
    await until(
      () => readFileSync(path, "utf8").includes(`scrape_uri="${other}"`),
      () => "the new target is not in the file",
    );
  });

  it("is not written more often than once a second", async () => {
    const args = ["exporter", "--textfile=/x.prom", "--textfile.interval=999ms", "127.0.0.1:1/s"];
    const { code, stderr } = await runHere(args);
    expect(code).toBe(2);
    expect(stderr).toContain("--textfile.interval: 999ms is less than a second");
  });
});

describe("--otlp.endpoint", () => {
  it("gets the metrics in the modern style, whatever /metrics has", async () => {
    await using receiver = await startReceiver();
    const target = await start(goodPool);
    const flags = [`--otlp.endpoint=${receiver.url}`, "--otlp.interval=1s"];
    await using exporter = await startExporter([...flags, target]);
    await receiver.received(2);
    expect(receiver.requests[0]?.path).toBe("/v1/metrics");
    const lines = seriesOfRequests(receiver.requests.slice(0, 1)).map(({ line }) => line);
    expect(lines).toContain(`phpfpm_accepted_connections_total{pool="www",target="${target}"} 7`);
    expect(await exporter.get("/metrics")).toContain("\nphpfpm_accepted_connections{");
    await exporter.logs(/msg="the metrics are sent" destination=http:\/\/127\.0\.0\.1:\d+\/v1\/m/);
  });

  it("is a key of the configuration", async () => {
    await using receiver = await startReceiver();
    const config = join(makeFolder(), "site.yaml");
    writeFileSync(config, `targets: [127.0.0.1:1/s]\notlp: { endpoint: "${receiver.url}/in" }\n`);
    await using _ = await startExporter([`--config=${config}`]);
    await receiver.received(1);
    expect(receiver.requests[0]?.path).toBe("/in");
  });

  it("is logged once when nothing listens there", async () => {
    const flags = ["--otlp.endpoint=http://127.0.0.1:1", "--otlp.interval=1s"];
    const env = { OTEL_EXPORTER_OTLP_TIMEOUT: "100" };
    await using exporter = await startExporter([...flags, "127.0.0.1:1/status"], { env });
    await exporter.logs(/level=ERROR msg="the metrics cannot be sent" .*ECONNREFUSED.*hint=/);
    expect(await exporter.get("/-/healthy")).toContain("healthy");
  });

  it("that hangs does not delay the end: SIGTERM takes less than two seconds", async () => {
    await using receiver = await startReceiver(() => {});
    await using exporter = await startExporter([
      `--otlp.endpoint=${receiver.url}`,
      "127.0.0.1:1/status",
    ]);
    await receiver.received(1);
    const from = performance.now();
    exporter.signal("SIGTERM");
    expect(await exporter.ended).toBe(0);
    expect(performance.now() - from).toBeLessThan(2_000);
  });

  it("says which packages to install where they are missing", async () => {
    const refuse = `export async function resolve(specifier, context, next) {
      if (!specifier.startsWith("@opentelemetry/")) return next(specifier, context);
      return next(specifier + "-that-is-missing", context);
    }`;
    const dataUrl = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
    const hook = dataUrl(
      `import { register } from "node:module"; register(${JSON.stringify(dataUrl(refuse))});`,
    );
    const args = ["exporter", "--otlp.endpoint=http://127.0.0.1:1", "127.0.0.1:1/status"];
    const { code, stderr } = await spawnCommand(args, {
      env: { ...process.env, NODE_OPTIONS: `--import=${hook}` },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/sending OTLP needs @opentelemetry\/\S+, which is missing/);
    expect(stderr).toMatch(/hint: .*npm install @opentelemetry\/api\S+ @opentelemetry\/exporter-/);
  });
});
