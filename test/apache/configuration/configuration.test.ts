// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how variables look in a configuration of httpd.
import { symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { discoverHttpd } from "../../../src/apache/configuration/discover.js";
import { readEnvironmentFile } from "../../../src/apache/configuration/environment-file.js";
import { discoverIn, folderOf, ports, root } from "./configurations.js";

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

  it("warns of an included file that is missing, and of one that includes itself", () => {
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

  it("ends with links that form a loop", () => {
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

  it("reads the blocks of files that exist, and no macros", () => {
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

  it("uses TLS on a port if a virtual host says so, whatever Listen says", () => {
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
