import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DiscoveredHttpd, discoverHttpd } from "../../../src/apache/configuration/discover.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-addresses-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function discoverIn(...lines: string[]): DiscoveredHttpd {
  const file = join(folder, "httpd.conf");
  writeFileSync(file, lines.join("\n"));
  return discoverHttpd({ file });
}

const host = (address: string, ...lines: string[]) => [
  `<VirtualHost ${address}>`,
  ...lines,
  "</VirtualHost>",
];
const status = (path: string) => [`<Location ${path}>`, "SetHandler server-status", "</Location>"];
const protocols = (...lines: string[]) =>
  discoverIn(...lines).listeners.map(({ url }) => url.replace(/:\/\//, " "));

describe("the protocol at an address", () => {
  it("is TLS at the address of the virtual host with SSLEngine, not at others with its port", () => {
    const lines = ["Listen 10.0.0.1:8443", "Listen 10.0.0.2:8443"];
    expect(protocols(...lines, ...host("10.0.0.2:8443", "SSLEngine on"))).toEqual([
      "http 10.0.0.1:8443",
      "https 10.0.0.2:8443",
    ]);
  });

  it("is not TLS on loopback because another address has it", () => {
    expect(protocols("Listen 8443", ...host("10.0.0.2:8443", "SSLEngine on"))).toEqual([
      "http 127.0.0.1:8443",
    ]);
  });

  it.each([
    ["*:8443", true],
    ["_default_:8443", true],
    ["*", true],
    ["*:*", true],
    ["_default_", true],
    ["10.0.0.1", true],
    ["10.0.0.1:*", true],
    ["10.0.0.9:8443 10.0.0.1:8443", true],
    ["*:443", false],
    ["10.0.0.1:443", false],
    ["10.0.0.11:8443", false],
    ["[::1]:8443", false],
  ])("at 10.0.0.1:8443 is that of <VirtualHost %s>: %s", (address, isTls) => {
    const found = protocols("Listen 10.0.0.1:8443", ...host(address, "SSLEngine on"));
    expect(found).toEqual([`${isTls ? "https" : "http"} 10.0.0.1:8443`]);
  });

  it("compares IPv6 addresses, not their spellings", () => {
    const lines = ["Listen [2001:db8::1]:8443", ...host("[2001:DB8:0::0:1]:8443", "SSLEngine on")];
    expect(protocols(...lines)).toEqual(["https [2001:db8::1]:8443"]);
  });

  it("comes from the address's own virtual host before one for any address", () => {
    const lines = ["Listen 10.0.0.1:8443", ...host("*:8443", "SSLEngine on")];
    expect(protocols(...lines, ...host("10.0.0.1:8443", "ServerName a"))).toEqual([
      "http 10.0.0.1:8443",
    ]);
  });

  it("comes from the server if the virtual host does not set it", () => {
    const lines = ["Listen 81", "Listen 82", "Listen 83", "SSLEngine on"];
    const hosts = [...host("*:81", "ServerName a"), ...host("*:82", "SSLEngine off")];
    expect(protocols(...lines, ...hosts)).toEqual([
      "https 127.0.0.1:81",
      "http 127.0.0.1:82",
      "https 127.0.0.1:83",
    ]);
  });
});

describe("the address of the status page", () => {
  const placeOf = (...lines: string[]) => {
    const { statusUrl, statusHost, warnings } = discoverIn(...lines);
    return { statusUrl, statusHost, warnings };
  };
  const at = (statusUrl: string, statusHost?: string) => ({ statusUrl, statusHost, warnings: [] });

  it("is that of the virtual host that has the page, not another with its port", () => {
    const lines = ["Listen 10.0.0.1:80", "Listen 10.0.0.2:80"];
    expect(placeOf(...lines, ...host("10.0.0.2:80", ...status("/s")))).toEqual(
      at("http://10.0.0.2/s"),
    );
  });

  it("is that of the virtual host even if httpd listens on all addresses", () => {
    expect(placeOf("Listen 80", ...host("10.0.0.2:80", ...status("/s")))).toEqual(
      at("http://10.0.0.2/s"),
    );
    expect(placeOf("Listen [::]:80", ...host("[2001:db8::2]:80", ...status("/s")))).toEqual(
      at("http://[2001:db8::2]/s"),
    );
  });

  it("comes with the host name that leads to its virtual host", () => {
    const first = host("*:80", "ServerName www.example.com");
    const second = host("*:80", "ServerName http://status.example.com:80", ...status("/s"));
    expect(placeOf("Listen 80", ...first, ...second)).toEqual(
      at("http://127.0.0.1/s", "status.example.com"),
    );
    expect(placeOf("Listen 80", ...second, ...first)).toEqual(at("http://127.0.0.1/s"));
  });

  it("comes with the host name in the certificate", () => {
    const lines = host("*:443", "SSLEngine on", "ServerName www.example.com", ...status("/s"));
    expect(placeOf("Listen 80", "Listen 443", ...lines)).toEqual(
      at("https://127.0.0.1/s", "www.example.com"),
    );
    const everywhere = ["Listen 443", ...status("/s"), ...lines];
    expect(placeOf(...everywhere)).toEqual(at("https://127.0.0.1/s", "www.example.com"));
  });

  it("is any address if the whole server has the page", () => {
    const lines = ["Listen 81", "Listen 82", ...host("*:82", ...status("/v")), ...status("/s")];
    expect(placeOf(...lines)).toEqual(at("http://127.0.0.1:81/s"));
  });

  it("has a warning if no Listen leads to it", () => {
    const { warnings, statusUrl } = placeOf("Listen 80", ...host("*:81", ...status("/s")));
    expect(statusUrl).toBe("http://127.0.0.1/s");
    expect(warnings).toEqual(["no Listen leads to the virtual host that has /s"]);
  });
});
