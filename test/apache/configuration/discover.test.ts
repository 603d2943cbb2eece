// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how variables look in a configuration of httpd.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { discoverHttpd } from "../../../src/apache/configuration/discover.js";
import { ports, root, urls } from "./configurations.js";

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

  it("S1.10 reports a missing configuration", () => {
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

  it("S1.10 reports a configuration without a Listen", () => {
    expect(() => ports("# nothing", "Timeout 3")).toThrow(
      /Maybe I'm parsing the wrong configuration file\? \(.*ports\.conf\)$/,
    );
  });

  it("opens only regular files", () => {
    expect(() => discoverHttpd({ file: root })).toThrow(/cannot be read: it is a folder/);
  });
});
