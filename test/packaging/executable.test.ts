import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { childrenOf } from "../harness/processes.js";
import { makeFolder, until } from "../harness/server-process.js";
import { buildExecutable, runProgram, scriptOf, startProgram } from "./executable.js";

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };

const listening = /msg"?[=:]"?listening"?[ ,]"?address"?[=:]"?([^\s",]+)/;
const application = `export default (request) => {
  const end = Date.now() + (new URL(request.url).pathname === "/slow" ? 600 : 0);
  while (Date.now() < end);
  return new Response("served by " + process.pid);
};
`;

describeWith(["php-fpm"], "the single executable, in an empty folder", () => {
  let executable: string;
  let fpm: PhpFpm;
  let folder: string;
  beforeAll(async () => {
    executable = buildExecutable();
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    folder = makeFolder();
  }, 120_000);
  afterAll(async () => {
    await fpm?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("knows its version", async () => {
    expect(await runProgram(executable, ["--version"])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });

  it("is the other command, too, by a link", async () => {
    const link = join(folder, "apache-manager");
    symlinkSync(executable, link);
    const { stdout, stderr } = await runProgram(link, ["--help"]);
    expect(stdout + stderr).toContain("apache-manager");
    expect(stdout + stderr).not.toContain("fcgi-probe COMMAND");
  });

  it("reads the status of a pool", async () => {
    const { address } = fpm.pool("www");
    const { code, stdout, stderr } = await runProgram(executable, ["status", address]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^www +static /m);
    expect(code).toBe(0);
  });

  it("reads pools on threads", async () => {
    const targets = join(folder, "targets.txt");
    writeFileSync(targets, `${fpm.pool("www").address}\n`);
    const { stdout } = await runProgram(executable, ["scrape", "--threads", "2", targets]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, pool: "www" });
  });

  it("serves metrics and the page, and compares passwords on a thread", async () => {
    writeFileSync(
      join(folder, "web.yml"),
      `basic_auth_users:\n  alice: ${hashSync("secret", 4)}\n`,
    );
    const args = ["exporter", "--web.listen-address=127.0.0.1:0", "--web.config.file=web.yml"];
    await using exporter = startProgram(executable, [...args, fpm.pool("www").address], folder);
    const [, address] = await exporter.logs(listening);
    const get = (path: string, password: string) =>
      fetch(`http://${address}${path}`, {
        headers: { Authorization: `Basic ${Buffer.from(`alice:${password}`).toString("base64")}` },
      });
    expect((await get("/metrics", "wrong")).status).toBe(401);
    const metrics = await (await get("/metrics", "secret")).text();
    expect(metrics).toMatch(/^phpfpm_up\{.*\} 1$/m);
    expect(metrics).toContain(`version="${version}"`);
    const page = await (await get("/", "secret")).text();
    const script = /src="([^"]+\.js)"/.exec(page)?.[1];
    expect((await get(`/${script}`, "secret")).headers.get("content-type")).toMatch(/javascript/);
  });

  it("reads the configuration of its targets on a thread", async () => {
    const args = ["exporter", "--web.listen-address=127.0.0.1:0", fpm.pool("www").address];
    await using exporter = startProgram(executable, args, folder);
    const [, address] = await exporter.logs(listening);
    let metrics = "";
    await until(
      async () => {
        metrics = await (await fetch(`http://${address}/metrics`)).text();
        return /^phpfpm_max_children\{.*\} 2$/m.test(metrics);
      },
      () => `the limit of the pool is not there:\n${metrics}\n${exporter.log}`,
    );
  });

  it("serves an application with workers of the same file, and logs slow requests", async () => {
    writeFileSync(join(folder, "app.mjs"), application);
    const listen = `unix:${join(folder, "app.sock")}`;
    const args = ["serve", "app.mjs", "--listen", listen, "--workers", "2"];
    await using pool = startProgram(executable, [...args, "--slowlog-timeout", "200ms"], folder);
    await pool.logs(/ready to handle connections/);
    const response = await gatewayFetch(listen, new Request("http://localhost/"));
    const worker = Number((await response.text()).replace("served by ", ""));
    expect(childrenOf(pool.pid)).toContain(worker);
    expect(readlinkSync(`/proc/${worker}/exe`)).toBe(executable);
    await (await gatewayFetch(listen, new Request("http://localhost/slow"))).text();
    await pool.logs(/slow request[\s\S]*app\.mjs/);
    expect(pool.log).not.toContain("ExperimentalWarning");
  });

  it.skipIf(process.getuid?.() !== 0)(
    "is what the Debian package installs",
    async () => {
      const { stdout: built } = await runProgram(process.execPath, [scriptOf("build-deb.mjs")]);
      const dpkg = (...args: string[]) =>
        execFileSync("dpkg", args, { encoding: "utf8", stdio: "pipe" });
      dpkg("--install", built.trim());
      try {
        const fcgiProbe = await runProgram("/usr/bin/fcgi-probe", ["--version"]);
        expect(fcgiProbe.stdout).toBe(`${version}\n`);
        expect((await runProgram("/usr/bin/apache-manager", ["--help"])).stdout).toContain("Usage");
        const files = dpkg("--listfiles", "fcgi-probe").split("\n");
        expect(files).toContain("/usr/share/man/man1/fcgi-probe.1.gz");
        expect(files).toContain("/usr/share/bash-completion/completions/fcgi-probe");
        const units = files.filter((file) => /systemd\/system\/./.test(file));
        expect(units).toHaveLength(3);
        const named = units.map((unit) => unit.replace("@.", "@shop."));
        // It complains about units of others, too, and then fails: what it says of ours counts.
        const { stderr } = spawnSync("systemd-analyze", ["verify", ...named], { encoding: "utf8" });
        expect(stderr.split("\n").filter((line) => line.includes("fcgi-probe"))).toEqual([]);
      } finally {
        dpkg("--purge", "fcgi-probe");
      }
    },
    120_000,
  );
});
