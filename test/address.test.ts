import { describe, expect, it } from "vitest";
import { parseAddress, socketEndpoint } from "../src/address.js";
import { GatewayError } from "../src/errors.js";

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
    ["[fe80::1%eth0.100]:9000/status", host("fe80::1%eth0.100", 9000, "/status")],
    ["[fe80::1%br-lan]:9000", host("fe80::1%br-lan", 9000)],
    ["[fe80::1%veth1@if2]:9000", host("fe80::1%veth1@if2", 9000)],
    ["[fe80::1%wl_an+0]:9000", host("fe80::1%wl_an+0", 9000)],
    ["unix:@name", unix("\0name")],
    ["unix:@a/b:/status", unix("\0a/b", "/status")],
    ["unix:x.sock", unix("x.sock")],
    ["unix:./x.sock:status", unix("./x.sock", "/status")],
    ["unix:run/x", unix("run/x")],
    ["./x.sock", unix("./x.sock")],
    ["../run/x.sock:/status", unix("../run/x.sock", "/status")],
    ["x.sock", unix("x.sock")],
    ["x.sock:/status", unix("x.sock", "/status")],
    ["run/x.sock;status", unix("run/x.sock", "/status")],
    ["x.sock:9000", host("x.sock", 9000)],
    ["/run/x.sock:/a:b", unix("/run/x.sock", "/a:b")],
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
    "ftp://127.0.0.1:80/",
    "unix:",
    "unix:@",
    "[fe80::1%]:9000",
    "[fe80::1%a b]:9000",
    "[fe80::1%a/b]:9000",
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

  it.each(["127.0.0.1:9000/status?full", "unix:/run/x.sock:/status?full"])(
    "names the query in the path of %s",
    (text) => {
      expect(() => parseAddress(text)).toThrow(/has a query in its path, "\?full"/);
    },
  );

  it("calls a folder a folder", () => {
    expect(() => parseAddress("unix:/run/php/")).toThrow(/names a folder/);
  });
});

it("the URL of an httpd has a hint that names its command", () => {
  const hint = expect.stringContaining("fcgi-probe apache status");
  const refused = expect.objectContaining({ code: "bad_address", hint });
  expect(() => parseAddress("http://127.0.0.1/server-status")).toThrow(refused);
  expect(() => parseAddress("https://[::1]/server-status?auto")).toThrow(refused);
});

describe("a socket's path that exists", () => {
  const files = new Set(["/run/a:b.sock", "/run/c;d:e.sock", "f:g.sock", "h.sock", "/run/i.sock"]);
  const read = (text: string) => parseAddress(text, (path) => files.has(path));

  it.each([
    ["unix:/run/a:b.sock", unix("/run/a:b.sock")],
    ["/run/a:b.sock:/status", unix("/run/a:b.sock", "/status")],
    ["scgi://unix:/run/c;d:e.sock", unix("/run/c;d:e.sock")],
    ["/run/c;d:e.sock;status:x", unix("/run/c;d:e.sock", "/status:x")],
    ["f:g.sock", unix("f:g.sock")],
    ["f:g.sock:/status", unix("f:g.sock", "/status")],
    ["h.sock:9000", unix("h.sock", "/9000")],
    ["/run/i.sock:/a:b", unix("/run/i.sock", "/a:b")],
    ["/run/other:b.sock", unix("/run/other", "/b.sock")],
  ])("wins over what is inside of it: %s", (text, expected) => {
    expect(read(text)).toMatchObject(expected);
  });
});
