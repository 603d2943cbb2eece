import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { spawnCommand } from "./cli.js";

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };

it("the command shows its version", async () => {
  expect(await spawnCommand(["--version"])).toEqual({
    code: 0,
    stdout: `${version}\n`,
    stderr: "",
  });
});

describeWith(["php-fpm"], "the command and a real php-fpm", () => {
  let fpm: PhpFpm;
  let unix: string;
  let tcp: string;

  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "www", pm: "static", maxChildren: 4, listen: "unix" },
        { name: "api", pm: "dynamic", maxChildren: 2, listen: "tcp" },
      ],
    });
    unix = fpm.pool("www").address;
    tcp = fpm.pool("api").address;
  });
  afterAll(() => fpm.stop());

  it("S0.7 prints the page of a pool", async () => {
    const { code, stdout, stderr } = await spawnCommand(["status", "--format", "text", unix]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^pool: {17}www\nprocess manager: {6}static\n(.*\n){12}$/);
  });

  it("S0.23 prints the whole of a full page", async () => {
    const { stdout } = await spawnCommand(["status", "--full", "--format", "text", unix]);
    expect(stdout.match(/^pid: /gm)).toHaveLength(4);
    expect(stdout).toMatch(/last request memory: .*\n$/);
  });

  it("writes pools and processes as JSON", async () => {
    const { code, stdout } = await spawnCommand([
      "status",
      "--full",
      "--format",
      "json",
      unix,
      tcp,
    ]);
    expect(code).toBe(0);
    const [www, api] = JSON.parse(stdout);
    expect(www).toMatchObject({ target: unix, ok: true, pool: "www", totalProcesses: 4 });
    expect(www.processes).toHaveLength(4);
    expect(api).toMatchObject({ target: tcp, ok: true, pool: "api", processManager: "dynamic" });
  });

  it("pings", async () => {
    const { code, stdout } = await spawnCommand(["ping", fpm.pool("www").bareAddress]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/: pong \(.*\)\n$/);
  });

  it("requests values", async () => {
    const { code, stdout } = await spawnCommand(["values", unix]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "FCGI_MPXS_CONNS=0\n" });
  });

  it("sends a request with a body from standard input", async () => {
    const args = [
      "--script",
      phpScript("echo.php"),
      "-d",
      "@-",
      "-H",
      "X-Name: bär",
      "--param",
      "A=b",
    ];
    const stdin = "x".repeat(100_000);
    const { code, stdout } = await spawnCommand(["request", unix, ...args], { stdin });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      method: "POST",
      bodyLength: 100_000,
      server: { A: "b", HTTP_X_NAME: "bär", SCRIPT_NAME: "/echo.php" },
    });
  });

  it("sends a file as a body", async () => {
    const file = phpScript("echo.php");
    const args = ["--script", file, "-X", "PUT", "-d", `@${file}`];
    const { stdout } = await spawnCommand(["request", unix, ...args]);
    expect(JSON.parse(stdout)).toMatchObject({
      method: "PUT",
      bodyLength: readFileSync(file).length,
    });
  });

  it("S0.27 says that a script is missing", async () => {
    const { code, stderr } = await spawnCommand(["request", unix, "--script", "/nowhere.php"]);
    expect(code).toBe(2);
    expect(stderr).toContain("the application answered 404");
  });

  it("S0.27 hints at pm.status_path if there is no status page", async () => {
    const { code, stderr } = await spawnCommand(["status", "--path", "/nothing", unix]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /the pool has no page \/nothing: 404.*\n(stderr: .*\n)*hint: .*pm.status_path/,
    );
  });

  it("scrapes a file of targets", async () => {
    const stdin = `${unix}\n${tcp}\n`.repeat(100);
    const { code, stdout, stderr } = await spawnCommand(["scrape", "-"], { stdin });
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(200);
    expect(stderr).toMatch(/^200 targets: 200 ok (\(\d+ saturated\) )?in /);
  });

  it("ends quietly when its reader leaves, and kills no worker", async () => {
    const stdin = `${unix}\n`.repeat(2_000);
    const shell = `node "$0" scrape - --full | head -n 1 | wc -l; echo "\${PIPESTATUS[@]}"`;
    const { stdout, stderr } = await spawnCommand([], { stdin, shell });
    expect(stdout).toMatch(/^1\n0 0 0\n$/);
    expect(stderr).toBe("");
    expect(fpm.exitedChildren()).toEqual([]);
  });

  it("ends after a signal with 128 plus its number", async () => {
    const shell = `node "$0" status --watch 100ms ${unix} & sleep 1; kill -INT $!; wait $!; echo "code $?"`;
    const { stdout } = await spawnCommand([], { shell: `set -m; ${shell}` });
    expect(stdout).toMatch(/^POOL [\s\S]*code 130\n$/);
  });
});
