import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/errors.js";
import { parseAddress, socketEndpoint } from "../../src/transport/address.js";

const unix = (socketPath: string, path?: string) => ({ endpoint: { socketPath }, path });
const host = (name: string, port: number, path?: string) => ({
  endpoint: { host: name, port },
  path,
});

describe("parseAddress", () => {
  it.each([
    ["127.0.0.1:9000", host("127.0.0.1", 9000)],
    ["127.0.0.1:9000/status", host("127.0.0.1", 9000, "/status")],
    ["localhost:9000/status", host("localhost", 9000, "/status")],
    ["[::1]:9000/status", host("::1", 9000, "/status")],
    ["[fe80::1%eth0]:9000", host("fe80::1%eth0", 9000)],
    ["fcgi://127.0.0.1:9000/status", host("127.0.0.1", 9000, "/status")],
    ["tcp://127.0.0.1:9000/status", host("127.0.0.1", 9000, "/status")],
    ["unix:/run/php/php8.2-fpm.sock", unix("/run/php/php8.2-fpm.sock")],
    ["unix:/run/php/php8.2-fpm.sock:/status", unix("/run/php/php8.2-fpm.sock", "/status")],
    ["unix:///run/x.sock;/status", unix("/run/x.sock", "/status")],
    ["unix:///run/x.sock", unix("/run/x.sock")],
    ["/run/x.sock:status", unix("/run/x.sock", "/status")],
    ["/run/x.sock", unix("/run/x.sock")],
    ["fcgi://unix:/run/x.sock:/status", unix("/run/x.sock", "/status")],
  ])("reads %s", (text, expected) => {
    expect(parseAddress(text)).toEqual({ protocol: "fcgi", text, ...expected });
  });

  it.each([
    ["scgi://127.0.0.1:4000", "scgi"],
    ["uwsgi://127.0.0.1:3031/app", "uwsgi"],
    ["SCGI://127.0.0.1:4000", "scgi"],
    ["scgi://unix:/run/x.sock", "scgi"],
  ])("takes the protocol of %s", (text, protocol) => {
    expect(parseAddress(text).protocol).toBe(protocol);
  });

  it.each([
    ["cgi:/usr/lib/cgi-bin/x", "/usr/lib/cgi-bin/x"],
    ["cgi:///usr/lib/cgi-bin/x", "/usr/lib/cgi-bin/x"],
    ["cgi:./x.sh", "./x.sh"],
    ["CGI:/srv/a:b;c", "/srv/a:b;c"],
  ])("reads the program of %s", (text, program) => {
    const address = { protocol: "cgi", endpoint: { program }, path: undefined, text };
    expect(parseAddress(text)).toEqual(address);
    expect(() => socketEndpoint(parseAddress(text))).toThrow(/not a socket/);
  });

  it.each([
    "",
    "cgi:",
    "cgi:x",
    "cgi:/",
    "cgi:/usr/",
    "cgi://host/x",
    "localhost",
    "127.0.0.1:0",
    "127.0.0.1:65536",
    "127.0.0.1:port",
    "http://127.0.0.1:80/",
    "unix:",
    "unix:run/x.sock",
    "unix:/run/",
    "::1:9000",
    "[localhost]:9000",
    `unix:/${"x".repeat(107)}`,
    "unix:/run/x\0.sock",
    "a b:9000",
  ])("refuses %j, and shows the three forms", (text) => {
    let error: unknown;
    try {
      parseAddress(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ code: "bad_address", address: text });
    expect((error as GatewayError).hint).toMatch(/unix:.*127\.0\.0\.1:9000.*\[::1\]/);
  });
});
