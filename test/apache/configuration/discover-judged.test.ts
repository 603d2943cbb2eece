// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how variables look in a configuration of httpd.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { discoverHttpd } from "../../../src/apache/configuration/discover.js";
import { findRunningHttpd } from "../../../src/apache/configuration/running-httpd.js";
import { fetchServerStatusPage } from "../../../src/apache/fetch/fetch-status.js";
import { ProcFileSystem } from "../../../src/apache/processes/process-table.js";
import { findModule, startApache } from "../../harness/apache.js";
import { describeWith } from "../../harness/describe-with.js";
import { freePort } from "../../harness/ports.js";
import { requireServer } from "../../harness/servers.js";

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "fcgi-probe-judged-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function makeFiles(files: Record<string, string>): string {
  const folder = join(root, `${++count}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text.replaceAll("%folder%", folder));
  }
  return folder;
}

/** How httpd itself reads a configuration, started by a shell with its envvars. */
function judge(folder: string, defines: readonly string[]) {
  const dump = (what: string) => {
    const names = [...defines, what].flatMap((name) => ["-D", name]);
    const args = ["-t", "-f", join(folder, "apache2.conf"), ...names];
    const script = `set -a; APACHE_CONFDIR=$1; . "$1/envvars"; shift; exec "$@"`;
    return execFileSync("sh", ["-c", script, "sh", folder, requireServer("apache2"), ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  };
  const listens = dump("DUMP_CONFIG").matchAll(/^\s*Listen (?:\S+:)?(\d+)/gim);
  return {
    ports: [...listens].map(([, port]) => Number(port)),
    pidFile: /^PidFile: "(.*)"$/m.exec(dump("DUMP_RUN_CFG"))?.[1],
  };
}

const head = [
  "ServerName localhost",
  "ServerRoot %folder%",
  "DefaultRuntimeDir %folder%",
  "Mutex file:%folder%",
  "ErrorLog %folder%/error.log",
  `LoadModule mpm_event_module ${findModule("mod_mpm_event")}`,
  `LoadModule info_module ${findModule("mod_info")}`,
  "PidFile ${RUN_DIR}/httpd.pid",
].join("\n");
const envvars = [
  'if [ "${APACHE_CONFDIR##/etc/apache2-}" != "${APACHE_CONFDIR}" ]; then SUFFIX=-x; else SUFFIX=; fi',
  "export RUN_DIR=${RUN_DIR:-/run/apache2$SUFFIX}",
  ": ${PORT:=8101}\nexport PORT",
].join("\n");

describeWith(["apache2"], "discovery, judged by httpd", () => {
  it.each([
    ["variables", ["Define P 82", "Listen ${PORT}", "Listen 127.0.0.1:${P}01", "UnDefine P"]],
    ["a name without a value", ["Define PORT", "Listen ${PORT}"]],
    [
      "versions",
      [">= 2.4", "< 2.4", "2.4", "~ ^2\\.4\\.", "= /^2\\.2/", "!> 2.9", "== 2.4.0"].flatMap(
        (values, index) => [`<IfVersion ${values}>`, `Listen ${8200 + index}`, "</IfVersion>"],
      ),
    ],
    [
      "names",
      ["A", "!A", "B", "!B", "DUMP_CONFIG"].flatMap((name, index) => [
        `<IfDefine ${name}>`,
        `Listen ${8200 + index}`,
        "</IfDefine>",
      ]),
    ],
    [
      "modules",
      ["info_module", "mod_info.c", "!mod_info.c", "ssl_module", "!ssl_module", "core.c"].flatMap(
        (name, index) => [`<IfModule ${name}>`, `Listen ${8200 + index}`, "</IfModule>"],
      ),
    ],
    ["includes", ["Include conf.d/*.conf", "IncludeOptional none/*.conf", "Include more"]],
    [
      "files",
      [
        "<IfFile more/c.conf>",
        "Listen 8200",
        "</IfFile>",
        "<IfFile x>",
        "Listen 8201",
        "</IfFile>",
      ],
    ],
    ["lines that go on", ["Listen \\", " 127.0.0.1:82\\", "00", "# Listen 9 \\", "Listen 8201"]],
  ])("reads %s as it does", (_, lines) => {
    const folder = makeFiles({
      "apache2.conf": [head, "Listen 8100", ...lines].join("\n"),
      envvars,
      "conf.d/b.conf": "Listen 8301",
      "conf.d/a.conf": "Listen 8302",
      "conf.d/c.off": "Listen 8303",
      "more/c.conf": "Listen 8304",
      "more/d/e.conf": "Listen 8305",
    });
    const defines = ["A", "DUMP_CONFIG"];
    const file = join(folder, "apache2.conf");
    const found = discoverHttpd({ file, defines, program: requireServer("apache2") });
    const { ports, pidFile } = judge(folder, ["A"]);
    expect(found.listeners.map(({ port }) => port)).toEqual(ports);
    expect(found.pidFile).toBe(pidFile);
    expect(found.pidFile).toBe("/run/apache2/httpd.pid");
    expect(found.warnings).toEqual([]);
  });

  it("finds the page in the one virtual host that has it", async () => {
    const port = await freePort();
    const host = (address: string, name: string, ...lines: string[]) => [
      `<VirtualHost ${address}:${port}>`,
      `ServerName ${name}`,
      ...lines,
      "</VirtualHost>",
    ];
    const location = ["<Location /only-here>", "SetHandler server-status", "</Location>"];
    const extra = [
      `Listen 127.0.0.1:${port}`,
      `Listen 127.0.0.2:${port}`,
      ...host("*", "any.example"),
      ...host("127.0.0.2", "first.example"),
      ...host("127.0.0.2", "second.example", ...location),
    ];
    const apache = await startApache({ mpm: "event", extra });
    onTestFinished(() => apache.stop());
    const file = join(apache.folder, "without.conf");
    const text = readFileSync(apache.configuration, "utf8");
    writeFileSync(file, text.replace(/<Location \/server-status>[\s\S]*?<\/Location>/, ""));
    const { statusUrl, statusHost } = discoverHttpd({ file });
    expect([statusUrl, statusHost]).toEqual([
      `http://127.0.0.2:${port}/only-here`,
      "second.example",
    ]);
    const { page } = await fetchServerStatusPage(`${statusUrl}?auto`, { host: statusHost });
    expect(new TextDecoder().decode(page)).toMatch(/^second\.example\nServerVersion: Apache/);
    await expect(fetchServerStatusPage(statusUrl)).rejects.toMatchObject({
      code: "page_not_found",
    });
  });

  it("knows the names that a running httpd was started with", async () => {
    const port = await freePort();
    const extra = [
      "<IfDefine FOREGROUND>",
      `Listen 127.0.0.1:${port}`,
      "</IfDefine>",
      "<IfVersion >= 2.4>",
      `Listen 127.0.0.2:${port}`,
      "</IfVersion>",
    ];
    const apache = await startApache({ mpm: "event", extra });
    onTestFinished(() => apache.stop());
    const running = findRunningHttpd(apache.configuration, new ProcFileSystem());
    expect(running).toMatchObject({ defines: ["FOREGROUND"], warnings: [] });
    const urls = discoverHttpd(running).listeners.map(({ url }) => url);
    expect(urls.slice(1)).toEqual([`http://127.0.0.1:${port}`, `http://127.0.0.2:${port}`]);
    for (const url of urls) {
      expect(
        (await fetchServerStatusPage(`${url}/server-status?auto`)).page.length,
      ).toBeGreaterThan(99);
    }
  });
});
