import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../../harness/server-process.js";
import { runHere } from "../cli.js";
import { goodPool, start } from "../fake-pool.js";
import { startExporter } from "./start-exporter.js";

/** Writes a configuration, and returns its path. */
function site(text: string): string {
  const path = join(makeFolder(), "site.yaml");
  writeFileSync(path, text);
  return path;
}

/** Replaces a file at once: an exporter that watches it never sees it empty. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

describe("--check-config", () => {
  it.each(["--check-config", "--config.check"])("%s says what is in the file", async (flag) => {
    const path = site("targets: [127.0.0.1:9000/status]\nmodules: { fpm: { kind: phpfpm } }\n");
    expect(await runHere(["exporter", "--config", path, flag])).toEqual({
      code: 0,
      stdout: `${path} is valid:\n  ${path}: 1 target\n`,
      stderr: "",
    });
  });

  it("names every error with line and column, and ends with 2", async () => {
    const path = site("targets:\n  - 5\nunknown: 3\n");
    const { code, stdout, stderr } = await runHere([
      "exporter",
      `--config=${path}`,
      "--check-config",
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain(`fcgi-probe: ${path}:2:5: `);
    expect(lines[1]).toContain(`fcgi-probe: ${path}:3:1: unknown key "unknown"`);
    expect(lines[2]).toMatch(/^hint: /);
  });

  it("without a file checks the flags", async () => {
    const args = ["exporter", "--check-config", "127.0.0.1:9000/status"];
    expect((await runHere(args)).stdout).toBe("the command line is valid: 1 target\n");
    expect((await runHere([...args, "nonsense"])).code).toBe(2);
  });

  it("checks the web configuration, too", async () => {
    const web = site("http_server_config: { http2: true }\n");
    const check = (path: string) => {
      return runHere(["exporter", "--check-config", `--web.config.file=${path}`, "127.0.0.1:9/s"]);
    };
    expect((await check(web)).code).toBe(0);
    const wrong = await check(site("unknown: 1\n"));
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(":1:1: ");
  });

  it("names all that is wrong: targets, the file, the web configuration, an address to listen on", async () => {
    const { code, stderr } = await runHere([
      "exporter",
      "--check-config",
      `--config=${site("targets: {}\n")}`,
      `--web.config.file=${site("unknown: 1\n")}`,
      "--web.listen-address=nowhere:x",
      "nonsense",
      "--scrape_uri=ftp://h/",
    ]);
    expect(code).toBe(2);
    const lines = stderr.trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, 12))).toEqual([
      ...Array(5).fill("fcgi-probe: "),
      expect.stringMatching(/^hint: /),
    ]);
    expect(lines[0]).toContain("ftp://h/");
    expect(lines[1]).toContain("nonsense");
    expect(lines[2]).toContain("site.yaml:1:10: ");
    expect(lines[3]).toContain("site.yaml:1:1: ");
    expect(lines[4]).toContain("nowhere:x");
  });

  it("a wrong file ends the exporter with the same errors", async () => {
    const path = site("targets: {}\n");
    const { code, stderr } = await runHere(["exporter", "--config", path]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${path}:1:10: `);
  });
});

describe("a running exporter with --config", () => {
  it("reads the file again at SIGHUP, and keeps the old one when it is wrong", async () => {
    const target = await start(goodPool);
    const path = site(`targets: [${target}]\n`);
    await using exporter = await startExporter([`--config=${path}`]);
    expect(exporter.log).toMatch(/msg=listening address=\S+ targets=1 config=/);
    expect(await exporter.get("/metrics")).toContain(
      `phpfpm_up{pool="www",scrape_uri="${target}"} 1`,
    );

    replace(path, `targets: [${target}, 127.0.0.1:1/status]\n`);
    exporter.signal("SIGHUP");
    await exporter.logs(/msg="the configuration was read again" targets=2/);
    expect(await exporter.get("/metrics")).toContain('scrape_uri="127.0.0.1:1/status"} 0');

    replace(path, "targets: 5\n");
    exporter.signal("SIGHUP");
    await exporter.logs(/level=ERROR msg="the configuration cannot be used/);
    const text = await exporter.get("/metrics");
    expect(text).toContain('scrape_uri="127.0.0.1:1/status"} 0');
    expect(text).toContain("\nfcgi_probe_config_last_reload_successful 0\n");
    exporter.signal("SIGTERM");
    expect(await exporter.ended).toBe(0);
  });

  it("reads it again by POST /-/reload where that is enabled", async () => {
    const path = site("targets: [127.0.0.1:1/status]\n");
    await using exporter = await startExporter([`--config=${path}`, "--enable-lifecycle"]);
    const reload = () => fetch(`${exporter.url}/-/reload`, { method: "POST" });
    expect((await reload()).status).toBe(200);
    writeFileSync(path, "targets: 5\n");
    const wrong = await reload();
    expect(wrong.status).toBe(500);
    expect(await wrong.text()).toContain(`${path}:1:10: `);
    await using without = await startExporter([`--config=${path.replace("site", "gone")}`]).catch(
      () => startExporter(["127.0.0.1:1/status"]),
    );
    const refused = await fetch(`${without.url}/-/reload`, { method: "POST" });
    expect(refused.status).toBe(403);
  });

  it("lets flags win", async () => {
    const target = await start(goodPool);
    const path = site(
      `targets: [${target}]\nmetric_style: modern\nweb: { telemetry_path: /file }\nlog: { format: json }\n`,
    );
    const flags = ["--metric-style=drop-in", "--web.telemetry-path=/flag", "--log.format=logfmt"];
    await using exporter = await startExporter([`--config=${path}`, ...flags]);
    expect(await exporter.get("/flag")).toContain("\nphpfpm_start_since{");
  });

  it("--processes.max limits the series of processes", async () => {
    const target = await start(goodPool);
    await using exporter = await startExporter(["--processes.max=0", target]);
    const text = await exporter.get("/metrics");
    expect(text).toContain("\nphpfpm_up{");
    expect(text).not.toContain("\nphpfpm_process_requests{");
  });

  it("--phpfpm.opcache-script is for the pools without a script in the file", async () => {
    const [one, other] = [await start(goodPool), await start(goodPool)];
    const path = site(
      `targets:\n  - { address: "${one}", opcache: /file.php }\n  - ${other}\n  - http://127.0.0.1:1/\n`,
    );
    await using exporter = await startExporter([
      `--config=${path}`,
      "--phpfpm.opcache-script=/flag.php",
    ]);
    const text = await exporter.get("/metrics");
    // The pools answer every request with their status, which is not the answer of the script.
    expect(count(text, /^phpfpm_up\{.*\} 1$/gm)).toBe(2);
    expect(count(text, /^phpfpm_opcache_up\{.*\} 0$/gm)).toBe(2);
    await exporter.logs(/msg="OPcache cannot be read" .*hint="install php\/opcache\.php/);
  });

  it("--web.route-prefix, or the path of --web.external-url, is before every path", async () => {
    for (const flag of ["--web.route-prefix=/php", "--web.external-url=http://example/php/"]) {
      await using exporter = await startExporter([flag, "127.0.0.1:1/status"]);
      expect((await fetch(`${exporter.url}/php/-/healthy`)).status).toBe(200);
      expect((await fetch(`${exporter.url}/-/healthy`)).status).toBe(404);
    }
  });
});

describe("the log of an exporter", () => {
  it("has one line for a target that fails, however often it is read", async () => {
    await using exporter = await startExporter(["127.0.0.1:1/status"]);
    for (let i = 0; i < 3; i++) await exporter.get("/metrics");
    await exporter.logs("reason=refused");
    expect(count(exporter.log, /target=127\.0\.0\.1:1\/status/g)).toBe(1);
    expect(exporter.log).toMatch(/level=WARN .*source="the command line" reason=refused .*hint="/);
  });

  it("says what is given twice, and where", async () => {
    const env = { PHP_FPM_SCRAPE_URI: "127.0.0.1:1/status" };
    await using exporter = await startExporter(["127.0.0.1:1/status"], { env });
    expect(exporter.log).toMatch(
      /level=WARN .*127\.0\.0\.1:1\/status is in --phpfpm\.scrape-uri and in the command line/,
    );
    expect(count(await exporter.get("/metrics"), /^phpfpm_up\{/gm)).toBe(1);
  });

  it("warns about old flags", async () => {
    const args = ["--telemetry.address=127.0.0.1:0", "127.0.0.1:1/status"];
    await using exporter = await startExporter(args, { listensItself: true });
    expect(exporter.log).toMatch(/level=WARN msg="--telemetry\.address is an old name: .*"/);
  });

  it("is JSON with --log.format=json", async () => {
    await using exporter = await startExporter(["--log.format=json", "127.0.0.1:1/s"]);
    for (const line of exporter.log.trimEnd().split("\n")) {
      expect(JSON.parse(line)).toMatchObject({ level: "INFO", msg: "listening", targets: 1 });
    }
  });

  it("a reader that does not read it does not stop the exporter", async () => {
    const targets = Array.from({ length: 3_000 }, (_, index) => `127.0.0.1:1/${index}`);
    const env = { PHP_FPM_SCRAPE_URI: targets.join() };
    await using exporter = await startExporter([], { env });
    exporter.stopReading();
    const text = await exporter.get("/metrics");
    expect(count(text, /^phpfpm_up\{/gm)).toBe(3_000);
    expect(await exporter.get("/-/healthy")).toContain("healthy");
    exporter.signal("SIGTERM");
    expect(await exporter.ended).toBe(0);
  });
});
