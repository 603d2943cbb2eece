// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how variables look in a configuration of httpd.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DiscoveredHttpd, discoverHttpd } from "../../../src/apache/configuration/discover.js";
import { readEnvironmentFile } from "../../../src/apache/configuration/environment-file.js";

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "fcgi-probe-discovery-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** A folder with these files. */
function folderOf(files: Record<string, string>): string {
  const folder = join(root, String(++count));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const discoverIn = (files: Record<string, string>, defines: string[] = []): DiscoveredHttpd =>
  discoverHttpd({ file: join(folderOf(files), Object.keys(files)[0] ?? ""), defines });
const ports = (...lines: string[]): DiscoveredHttpd =>
  discoverIn({ "ports.conf": lines.join("\n") });
const urls = (...lines: string[]): string[] => ports(...lines).listeners.map(({ url }) => url);

describe("discovery", () => {
  it("S1.1 S1.2 S1.9 reads Debian's ports.conf, whose first Listen counts", () => {
    const found = ports(
      "# If you just change the port or add more ports here",
      "",
      "Listen 80",
      "",
      "<IfModule ssl_module>",
      "\tListen 443",
      "</IfModule>",
      "",
      "<IfModule mod_gnutls.c>",
      "\tListen 443",
      "</IfModule>",
    );
    const https = { protocol: "https", address: "127.0.0.1", port: 443, url: "https://127.0.0.1" };
    expect(found.listeners).toEqual([
      { protocol: "http", address: "127.0.0.1", port: 80, url: "http://127.0.0.1" },
      https,
      https,
    ]);
    expect(found.statusUrl).toBe("http://127.0.0.1/server-status");
    expect(found.warnings).toEqual([]);
  });

  it.each([
    ["S1.1", "Listen 80", "http://127.0.0.1"],
    ["S1.1", "Listen 8080", "http://127.0.0.1:8080"],
    ["S1.2", "Listen 443", "https://127.0.0.1"],
    ["S1.2", "Listen 10.0.0.1:443", "https://10.0.0.1"],
    ["S1.3", "Listen 8443 https", "https://127.0.0.1:8443"],
    ["S1.3", "Listen 80 http", "http://127.0.0.1"],
    ["S1.3", "Listen 443 http", "http://127.0.0.1:443"],
    ["S1.3", "Listen 80 HTTPS", "https://127.0.0.1:80"],
    ["S1.3", "Listen 80 # comment", "http://127.0.0.1"],
    ["S1.3", "Listen 9000 fcgi", "http://127.0.0.1:9000"],
    ["S1.3", "Listen 80 options=freebind", "http://127.0.0.1"],
    ["S1.4", "   Listen 81", "http://127.0.0.1:81"],
    ["S1.4", "\tListen\t0.0.0.0:82", "http://127.0.0.1:82"],
    ["S1.5", "Listen *:83", "http://127.0.0.1:83"],
    ["S1.5", "Listen [::]:84", "http://[::1]:84"],
    ["S1.5", "Listen [::1]:85", "http://[::1]:85"],
    ["S1.5", "Listen [2001:DB8::1]:443", "https://[2001:DB8::1]"],
    ["S1.6", "listen 80", "http://127.0.0.1"],
    ["S1.6", "LISTEN 80 Https", "https://127.0.0.1:80"],
    ["S1.7", 'Listen "80"', "http://127.0.0.1"],
    ["S1.7", "Listen '127.0.0.2:81'", "http://127.0.0.2:81"],
    ["S1.7", "Listen localhost:81", "http://localhost:81"],
    ["S1.8", "Listen 127.0.0.1:080", "http://127.0.0.1"],
    ["S1.8", "Listen 65535", "http://127.0.0.1:65535"],
  ])("%s reads %j", (_, line, url) => {
    const found = ports(line);
    expect(found.listeners.map((listener) => listener.url)).toEqual([url]);
    expect(found.warnings).toEqual([]);
  });

  it.each([
    ["S1.7", "Listen example.com"],
    ["S1.7", "Listen"],
    ["S1.7", "Listen ${PORT}"],
    ["S1.7", "Listen [fe80::1%eth0]:80"],
    ["S1.8", "Listen 99999"],
    ["S1.8", "Listen 0"],
    ["S1.8", "Listen 127.0.0.1:65536"],
    ["S1.8", "Listen -1"],
  ])("%s warns of %j, and goes on", (_, line) => {
    const found = ports("", line, "Listen 81");
    expect(found.listeners).toHaveLength(1);
    expect(found.warnings).toEqual([
      expect.stringContaining("Failed to parse listen directive on line 2"),
    ]);
  });

  it("S1.7 knows the variables that Define sets", () => {
    expect(urls("Define PORT 8081", "Listen ${PORT}")).toEqual(["http://127.0.0.1:8081"]);
    expect(urls("Define A 127.0.0.3", "Define P 1", "Listen ${A}:${P}80")).toEqual([
      "http://127.0.0.3:180",
    ]);
    expect(ports("Define P 80", "UnDefine P", "Listen ${P}", "Listen 1").warnings).toHaveLength(1);
  });

  it("S1.10 says that the configuration is missing", () => {
    const file = join(root, "none", "ports.conf");
    expect(() => discoverHttpd({ file })).toThrow(
      expect.objectContaining({
        name: "GatewayError",
        code: "bad_input",
        message: expect.stringContaining(
          `configuration file ${file} is missing. Are you sure the Apache web server is properly installed?`,
        ),
      }),
    );
  });

  it("S1.10 says that nothing was found", () => {
    expect(() => ports("# nothing", "Timeout 3")).toThrow(
      /Maybe I'm parsing the wrong configuration file\? \(.*ports\.conf\)$/,
    );
  });

  it("opens nothing that is no file", () => {
    expect(() => discoverHttpd({ file: root })).toThrow(/cannot be read: it is a folder/);
  });
});

describe("discovery in a whole configuration", () => {
  it("reads Include, also of folders and patterns, in the order of httpd", () => {
    const { listeners, warnings } = discoverIn({
      "apache2.conf": [
        "IncludeOptional mods-enabled/*.load",
        "Include ports.conf",
        "IncludeOptional none/*.conf",
        "Include sites-[a-e]*/",
      ].join("\n"),
      "ports.conf": "Listen 80",
      "mods-enabled/x.load": "Listen 1",
      "mods-enabled/x.conf": "Listen 2",
      "mods-enabled/.hidden.load": "Listen 3",
      "sites-enabled/b.conf": "Listen 5",
      "sites-enabled/a/a.conf": "Listen 4",
    });
    expect(listeners.map(({ port }) => port)).toEqual([1, 80, 4, 5]);
    expect(warnings).toEqual([]);
  });

  it("follows ServerRoot", () => {
    const inner = folderOf({ "conf.d/a.conf": "Listen 8" });
    const { listeners } = discoverIn({
      "conf/httpd.conf": `ServerRoot "${inner}"\nInclude conf.d/*.conf`,
    });
    expect(listeners.map(({ port }) => port)).toEqual([8]);
  });

  it("takes the folder above conf for the ServerRoot", () => {
    const { listeners, pidFile, file } = discoverIn({
      "conf/httpd.conf": "Include conf/extra.conf\nPidFile logs/httpd.pid",
      "conf/extra.conf": "Listen 9",
    });
    expect(listeners.map(({ port }) => port)).toEqual([9]);
    expect(pidFile).toBe(join(dirname(dirname(file)), "logs/httpd.pid"));
  });

  it("says that an included file is missing, and what includes itself", () => {
    const folder = folderOf({
      "a.conf": "Listen 1\nInclude gone.conf\nInclude loop.conf",
      "loop.conf": "Include loop.conf",
    });
    const { warnings } = discoverHttpd({ file: join(folder, "a.conf") });
    expect(warnings).toEqual([
      expect.stringContaining("gone.conf on line 2, which is missing"),
      expect.stringContaining("it is included too deeply"),
    ]);
  });

  it("ends with links that lead back", () => {
    const folder = folderOf({ "a.conf": "Listen 1\nInclude d", "d/b.conf": "Listen 2" });
    symlinkSync(join(folder, "d"), join(folder, "d", "again"));
    const { listeners } = discoverHttpd({ file: join(folder, "a.conf") });
    expect(listeners[0]?.port).toBe(1);
  });

  it("reads the blocks of modules that are loaded", () => {
    const { listeners } = discoverIn({
      "httpd.conf": [
        "LoadModule ssl_module modules/mod_ssl.so",
        "LoadModule mpm_event_module modules/mod_mpm_event.so",
        "<IfModule ssl_module>",
        "Listen 1",
        "<IfModule mod_gnutls.c>",
        "Listen 2",
        "</IfModule>",
        "</IfModule>",
        "<IfModule !mod_ssl.c>",
        "Listen 3",
        "</IfModule>",
        "<IfModule event.c>",
        "Listen 4",
        "</IfModule>",
        "<IfModule mod_log_config.c>",
        "Listen 5",
        "</IfModule>",
      ].join("\n"),
    });
    expect(listeners.map(({ port }) => port)).toEqual([1, 4, 5]);
  });

  it("reads the blocks of names that are defined", () => {
    const text = [
      "<IfDefine A>",
      "Listen 1",
      "</IfDefine>",
      "<IfDefine !A>",
      "Listen 2",
      "</IfDefine>",
      "Define B",
      "<ifdefine B>",
      "Listen 3",
      "</ifdefine>",
    ].join("\n");
    const found = (defines: string[]) =>
      discoverIn({ "httpd.conf": text }, defines).listeners.map(({ port }) => port);
    expect(found([])).toEqual([2, 3]);
    expect(found(["A"])).toEqual([1, 3]);
  });

  it("reads the blocks of files that exist, and none of a macro", () => {
    const { listeners } = discoverIn({
      "httpd.conf": [
        "<IfFile other.conf>",
        "Listen 1",
        "</IfFile>",
        "<IfFile !other.conf>",
        "Listen 2",
        "</IfFile>",
        "<Macro host $port>",
        "Listen $port",
        "</Macro>",
      ].join("\n"),
      "other.conf": "",
    });
    expect(listeners.map(({ port }) => port)).toEqual([1]);
  });

  it("joins lines that end in a backslash, and counts them", () => {
    const found = ports("Listen \\", "  127.0.0.1:\\", "81", "Listen x");
    expect(found.listeners.map(({ port }) => port)).toEqual([81]);
    expect(found.warnings[0]).toContain("on line 4");
  });

  it("takes a port for TLS where a virtual host says so, whatever Listen says", () => {
    const { listeners } = discoverIn({
      "httpd.conf":
        "Listen 80\nListen 8443\nListen 9443 http\n<VirtualHost *:8443 *:9443>\nSSLEngine on\n</VirtualHost>",
    });
    expect(listeners.map(({ protocol }) => protocol)).toEqual(["http", "https", "https"]);
  });

  it("finds the path of the status page", () => {
    const { statusUrl } = discoverIn({
      "httpd.conf": 'Listen 80\n<Location "/my-status">\nSetHandler server-status\n</Location>',
    });
    expect(statusUrl).toBe("http://127.0.0.1/my-status");
  });

  it("finds the port of a status page that one virtual host has", () => {
    const { statusUrl } = discoverIn({
      "httpd.conf": [
        "Listen 80",
        "Listen 127.0.0.1:8090",
        "<VirtualHost 127.0.0.1:8090>",
        "<Location /s>",
        "SetHandler server-status",
        "</Location>",
        "</VirtualHost>",
      ].join("\n"),
    });
    expect(statusUrl).toBe("http://127.0.0.1:8090/s");
  });

  it("reads Debian's envvars without running it", () => {
    const folder = folderOf({
      "apache2.conf": "PidFile ${APACHE_PID_FILE}\nListen ${APACHE_PORT}",
      envvars: [
        "unset HOME",
        'if [ "${APACHE_CONFDIR##/etc/apache2-}" != "${APACHE_CONFDIR}" ] ; then',
        '\tSUFFIX="-${APACHE_CONFDIR##/etc/apache2-}"',
        "else",
        "\tSUFFIX=",
        "fi",
        "export APACHE_PID_FILE=/var/run/apache2$SUFFIX/apache2.pid",
        `export EVIL="$(touch ${root}/ran)"`,
        "export APACHE_PORT='8088'",
      ].join("\n"),
    });
    const found = discoverHttpd({ file: join(folder, "apache2.conf") });
    expect(found.pidFile).toBe("/var/run/apache2/apache2.pid");
    expect(found.listeners[0]?.port).toBe(8088);
    expect(readEnvironmentFile(join(folder, "envvars")).has("EVIL")).toBe(false);
  });
});
