import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ProcFileSystem } from "../../src/apache/processes/process-table.js";
import { readManagerOptions } from "../../src/apache-manager/options.js";
import { runKill } from "../../src/cli/commands/apache/kill.js";
import { runMetrics } from "../../src/cli/commands/apache/metrics.js";
import { runWorkers } from "../../src/cli/commands/apache/workers.js";
import { serve, serveSecurely } from "../apache/serve.js";
import { captured } from "./apache-world.js";
import { runHere, runIn, spawnCommand } from "./cli.js";

const { auto, html } = captured("prefork-idle");
const pageFor = (url = "") => (url.includes("auto") ? auto : html);

const commands = ["status", "workers", "metrics", "kill --max-time=1h"];
const runCommand = (command: string, ...args: string[]) =>
  runHere(["apache", ...command.split(" "), ...args]);

describe.each(commands)("how %s asks for its page", (command) => {
  it("has the host and the fields of the command line", async () => {
    const heads: Record<string, unknown>[] = [];
    const url = await serve((request, response) => {
      heads.push(request.headers);
      response.end(pageFor(request.url));
    });
    const fields = ["--header", "X-A=1=2", "--header", "X-B=é"];
    await runCommand(command, "--host", "www.example.com", ...fields, `${url}/server-status`);
    const bytes = Buffer.from("é").toString("latin1");
    const head = { host: "www.example.com", "x-a": "1=2", "x-b": bytes };
    expect(heads[0]).toMatchObject(head);
  });

  it("accepts a self-signed certificate only with --insecure", async () => {
    const url = `${await serveSecurely((request, response) => response.end(pageFor(request.url)))}/s`;
    const refused = await runCommand(command, url);
    expect(refused.stderr).toContain("with --insecure");
    expect(refused.code).toBe(1);
    const { stderr } = await runCommand(command, "--insecure", url);
    expect(stderr).not.toContain("certificate");
  });

  it.each([
    [["--header", "X"], "is not NAME=value"],
    [["--header", "X=a\nb"], "has a character that is not allowed"],
    [["--header", "Host=h"], "with --host"],
    [["--host", "a/b"], "is not a host name"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await runCommand(command, ...args, "http://127.0.0.1:9/");
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("a redirect to another server", () => {
  const redirecting = async () => {
    const other = await serve((request, response) => response.end(pageFor(request.url)));
    const url = await serve((request, response) => {
      response.writeHead(302, { location: `${other}${request.url}` }).end();
    });
    return { other, url: `${url}/server-status` };
  };

  it("is refused by commands that need processes, and named", async () => {
    const { other, url } = await redirecting();
    const table = new ProcFileSystem("/nowhere");
    const said = `redirects to another server: ${other}/server-status`;
    const kill = runIn((io) => runKill(url, { maxTime: 1 }, io, table));
    await expect(kill).rejects.toMatchObject({ message: expect.stringContaining(said) });
    const workers = runIn((io) => runWorkers(url, {}, io, table));
    await expect(workers).rejects.toMatchObject({ message: expect.stringContaining(said) });
    const metrics = runIn((io) => runMetrics(url, { dataFile: "-" }, io, table));
    await expect(metrics).rejects.toMatchObject({ message: expect.stringContaining(said) });
  });

  it.each(["text", "table", "json", "prometheus"])(
    "is followed by status, and said: %s",
    async (format) => {
      const { other, url } = await redirecting();
      const { code, stderr } = await runHere(["apache", "status", "--format", format, url]);
      expect(code).toBe(0);
      expect(stderr).toBe(
        `fcgi-probe: ${url}: warning: a redirect led to another server: this is the page of ${other}/server-status?auto\n`,
      );
    },
  );
});

describe("without a URL", () => {
  it.each([...commands, "zabbix-discovery"])("%s takes the names of --define", async (command) => {
    const { code, stderr } = await runCommand(command, "--config", "/nowhere", "--define", "A");
    expect(code).toBe(2);
    expect(stderr).toContain("/nowhere is missing");
  });

  it.each(["status", "workers"])("%s requests the host that leads to the page", async (command) => {
    const hosts: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      hosts.push(request.headers.host);
      response.end(pageFor(request.url));
    });
    const { port } = new URL(url);
    const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const host = (name: string, inner = "") =>
      `<VirtualHost *:${port}>\nServerName ${name}\n${inner}</VirtualHost>\n`;
    const location = "<Location /s>\nSetHandler server-status\n</Location>\n";
    const config = join(folder, "httpd.conf");
    writeFileSync(
      config,
      `<IfDefine A>\nListen ${port}\n</IfDefine>\n${host("a.example")}${host("b.example", location)}`,
    );
    const args = ["--config", config, "--define", "A"];
    expect((await runCommand(command, ...args)).code).toBe(0);
    await runCommand(command, ...args, "--host", "c.example");
    expect(new Set(hosts)).toEqual(new Set(["b.example", "c.example"]));
  });
});

describe("apache status", () => {
  it("never shows the password of a malformed URL", async () => {
    const urls = ["http://u:50%s3cret@127.0.0.1:1/", "http://u:s3cret#@h/", "ftp://u:s3cret@h/"];
    for (const format of ["text", "json", "prometheus", "table"]) {
      const outcome = await runHere(["apache", "status", "--format", format, ...urls]);
      expect(outcome.code).toBe(2);
      expect(outcome.stdout + outcome.stderr).not.toContain("s3cret");
    }
  });

  it("uses no proxy, whatever the environment says", async () => {
    const asked: string[] = [];
    const proxy = await serve((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(502).end();
    });
    const url = await serve((request, response) => response.end(pageFor(request.url)));
    const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    const env = Object.fromEntries(names.map((name) => [name, proxy]));
    const { code } = await spawnCommand(["apache", "status", `${url}/server-status`], {
      env: { ...env, NODE_USE_ENV_PROXY: "1", NO_PROXY: "", no_proxy: "" },
    });
    expect([code, asked]).toEqual([0, []]);
  });
});

describe("apache-manager", () => {
  it("takes the same options, --header more than once", () => {
    const args = ["--host=h", "--header=A=1", "--header", "B=2", "--insecure"];
    expect(readManagerOptions(args)).toMatchObject({
      version: 1,
      page: {
        host: "h",
        header: [
          ["A", "1"],
          ["B", "2"],
        ],
        insecure: true,
      },
    });
    expect(() => readManagerOptions(["--header=X"])).toThrow(/is not NAME=value/);
  });
});
