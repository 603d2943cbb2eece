import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allowProbe } from "../../../src/exporter/probe/allow-probe.js";
import { parseAllowRule } from "../../../src/exporter/probe/allow-rule.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "fcgi-probe-allow-")));
const server = createServer();

beforeAll(async () => {
  mkdirSync(`${folder}/php`);
  mkdirSync(`${folder}/other`);
  symlinkSync(`${folder}/php`, `${folder}/var`);
  await new Promise<void>((resolve) => server.listen(`${folder}/php/www.sock`, resolve));
  const elsewhere = createServer().listen(`${folder}/other/secret.sock`);
  elsewhere.unref();
  symlinkSync(`${folder}/other/secret.sock`, `${folder}/php/link.sock`);
  symlinkSync(`${folder}/php/www.sock`, `${folder}/other/alias.sock`);
  symlinkSync(`${folder}/other/later.sock`, `${folder}/php/dangling.sock`);
  writeFileSync(`${folder}/php/file.sock`, "");
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** The address that may be connected to; `undefined` when the target is refused. */
async function connectTo(target: string, allow: readonly string[]): Promise<string | undefined> {
  const decision = await allowProbe(target, allow.map(parseAllowRule));
  return decision.allowed ? decision.connectTo : undefined;
}

describe("what no rule names", () => {
  it.each([
    "127.0.0.1:9000/status",
    "unix:/run/php/www.sock:/status",
    "http://127.0.0.1/server-status",
    "unix:@php",
  ])("is refused without rules: %s", async (target) => {
    expect(await connectTo(target, [])).toBeUndefined();
  });
});

describe("a network and a port", () => {
  const allow = ["10.0.0.0/8:9000"];

  it.each([
    ["10.1.2.3:9000/status", "10.1.2.3:9000/status"],
    ["tcp://10.1.2.3:9000/status", "10.1.2.3:9000/status"],
    ["10.1.2.3:9000", "10.1.2.3:9000/status"],
    ["10.1.2.3:9000/fpm-status", "10.1.2.3:9000/fpm-status"],
    // These are the same host.
    ["[::ffff:10.1.2.3]:9000/status", "[::ffff:10.1.2.3]:9000/status"],
    ["0x0a010203:9000/status", "10.1.2.3:9000/status"],
  ])("allows %s", async (target, expected) => {
    expect(await connectTo(target, allow)).toBe(expected);
  });

  it.each([
    ["another port", "10.1.2.3:9001/status"],
    ["another network", "11.0.0.1:9000/status"],
    ["a number that is loopback", "0x7f000001:9000/status"],
    ["a short form of loopback", "127.1:9000/status"],
    ["a decimal form of loopback", "2130706433:9000/status"],
    ["loopback as IPv6", "[::ffff:127.0.0.1]:9000/status"],
    ["loopback as IPv6, in hex", "[::ffff:7f00:1]:9000/status"],
    ["a name of loopback", "localhost:9000/status"],
    ["no address at all", "0.0.0.0:9000/status"],
    ["a PHP script", "10.1.2.3:9000/var/www/install.php"],
    ["a PHP script with a path", "10.1.2.3:9000/var/www/install.php/x"],
    ["an encoded dot", "10.1.2.3:9000/install%2ephp"],
    ["an encoded host", "10%2e1.2.3:9000/status"],
    ["another protocol", "scgi://10.1.2.3:9000/status"],
    ["uwsgi", "uwsgi://10.1.2.3:9000/status"],
    ["a program", "cgi:/bin/sh"],
    ["HTTP", "http://10.1.2.3:9000/status"],
    ["a protocol that is unknown", "file:///etc/passwd"],
    ["a query", "10.1.2.3:9000/status?full"],
    ["a blank before it", " 10.1.2.3:9000/status"],
    ["a line end", "10.1.2.3:9000/status\n"],
    ["a NUL", "10.1.2.3:9000/status\0"],
    ["a user", "10.1.2.3@127.0.0.1:9000/status"],
    ["nothing", ""],
    ["much", `10.1.2.3:9000/${"a".repeat(10_000)}`],
  ])("refuses %s", async (_, target) => {
    expect(await connectTo(target, allow)).toBeUndefined();
  });

  it("of IPv6 allows no IPv4 address in IPv6's clothes", async () => {
    expect(await connectTo("[::ffff:127.0.0.1]:9000/status", ["[::/0]:9000"])).toBeUndefined();
    expect(await connectTo("[::1]:9000/status", ["[::/0]:9000"])).toBe("[::1]:9000/status");
    expect(await connectTo("[fd00::1]:9000/status", ["[fd00::/8]:9000"])).toBeDefined();
  });

  it("with a path allows that path alone", async () => {
    const rule = ["127.0.0.1:9000/fpm.status"];
    expect(await connectTo("127.0.0.1:9000/fpm.status", rule)).toBe("127.0.0.1:9000/fpm.status");
    expect(await connectTo("127.0.0.1:9000/status", rule)).toBeUndefined();
    expect(await connectTo("127.0.0.1:9000/fpm.status/../x", rule)).toBeUndefined();
  });
});

describe("a host name", () => {
  const allow = ["10.0.0.0/8:9000"].map(parseAllowRule);

  it("is resolved once, and its checked address is what the caller connects to", async () => {
    const answers = [["10.0.0.1"], ["127.0.0.1"]];
    let asked = 0;
    const rebinding = async () => answers[asked++] ?? [];
    const decision = await allowProbe("rebinding.example:9000/status", allow, rebinding);
    expect(decision).toMatchObject({ allowed: true, connectTo: "10.0.0.1:9000/status" });
    expect(asked).toBe(1);
    const again = await allowProbe("rebinding.example:9000/status", allow, rebinding);
    expect(again.allowed).toBe(false);
  });

  it("with several addresses is read at one that is allowed", async () => {
    const both = async () => ["127.0.0.1", "10.0.0.2"];
    const decision = await allowProbe("both.example:9000/status", allow, both);
    expect(decision).toMatchObject({ connectTo: "10.0.0.2:9000/status" });
  });

  it("is not resolved where no rule has its port and path", async () => {
    const resolve = () => Promise.reject(new Error("it was resolved"));
    expect((await allowProbe("x.example:22/status", allow, resolve)).allowed).toBe(false);
    expect((await allowProbe("x.example:9000/a.php", allow, resolve)).allowed).toBe(false);
  });

  it("that a rule names is allowed by its name", async () => {
    const named = [parseAllowRule("php.example.com:9000/status")];
    const resolve = async () => ["192.0.2.1"];
    expect(await allowProbe("PHP.example.com:9000/status", named, resolve)).toMatchObject({
      connectTo: "192.0.2.1:9000/status",
    });
    expect((await allowProbe("192.0.2.1:9000/status", named, resolve)).allowed).toBe(false);
  });
});

describe("a socket", () => {
  it("is allowed by a glob of its real path", async () => {
    const allow = [`unix:${folder}/php/*.sock`];
    const www = `unix:${folder}/php/www.sock:/status`;
    expect(await connectTo(www, allow)).toBe(www);
    // The link is elsewhere, the socket is not.
    expect(await connectTo(`unix:${folder}/other/alias.sock`, allow)).toBe(www);
  });

  it("is allowed where the rule's folder is a link", async () => {
    const allow = [`unix:${folder}/var/*.sock:/status`];
    const www = `unix:${folder}/php/www.sock:/status`;
    expect(await connectTo(www, allow)).toBe(www);
    expect(await connectTo(`unix:${folder}/var/www.sock`, allow)).toBe(www);
    expect(await connectTo(`unix:${folder}/var/www.sock:/other`, allow)).toBeUndefined();
  });

  it("that is missing is allowed by its folder's real path and its name", async () => {
    const none = `unix:${folder}/php/none.sock:/status`;
    for (const rule of ["/php/*.sock", "/var/*.sock", "/php/none.sock", "/var/none.sock"]) {
      const allow = [`unix:${folder}${rule}`];
      expect(await connectTo(none, allow)).toBe(none);
      expect(await connectTo(`unix:${folder}/var/none.sock`, allow)).toBe(none);
      expect(await connectTo(`unix:${folder}/other/none.sock`, allow)).toBeUndefined();
    }
    expect(await connectTo(none, [`unix:${folder}/php/dangling.sock`])).toBeUndefined();
  });

  it("whose folder is gone is allowed by the names in its path: there is no link to follow", async () => {
    const gone = `unix:${folder}/gone/www.sock:/status`;
    for (const rule of ["/gone/*.sock", "/gone/www.sock", "/*/www.sock"]) {
      expect(await connectTo(gone, [`unix:${folder}${rule}`])).toBe(gone);
    }
    const deep = `unix:${folder}/var/gone/a/fpm.sock:/status`;
    const allow = [`unix:${folder}/var/gone/*/fpm.sock`];
    expect(await connectTo(deep, allow)).toBe(deep.replace("/var/", "/php/"));
    for (const path of ["/gone/a/b/fpm.sock", "/other/gone/a/fpm.sock", "/php/dangling.sock/x"]) {
      expect(await connectTo(`unix:${folder}${path}`, allow)).toBeUndefined();
    }
    const behindLink = [`unix:${folder}/php/dangling.sock/*.sock`];
    expect(await connectTo(`unix:${folder}/php/dangling.sock/x.sock`, behindLink)).toBeUndefined();
  });

  it("is refused by a path that tells which folders or processes there are", async () => {
    const allow = [`unix:${folder}/php/*.sock`];
    for (const path of [
      `${folder}/other/../php/www.sock`,
      `${folder}/other/none/../../php/www.sock`,
      `${folder}/php/./www.sock`,
      `${folder}//php/www.sock`,
      `/proc/self/root${folder}/php/www.sock`,
      `/proc/${process.pid}/cwd/x.sock`,
    ]) {
      expect(await connectTo(`unix:${path}`, allow), path).toBeUndefined();
    }
  });

  it.each([
    ["a link that leads out of the folder", "/php/link.sock"],
    ["a path that climbs out of the folder", "/php/../other/secret.sock"],
    ["a socket of another folder", "/other/secret.sock"],
    ["a file that is no socket", "/php/file.sock"],
    ["a missing socket of another folder", "/other/none.sock"],
    ["a missing socket of a folder that is missing", "/php/none/none.sock"],
    ["a missing socket above a link", "/var/../none.sock"],
    ["a missing socket behind a socket", "/php/www.sock/none.sock"],
    ["a missing socket that no glob has", "/php/none"],
    ["a link that leads nowhere", "/php/dangling.sock"],
    ["a folder", "/php"],
    ["an encoded path", "/php%2fwww.sock"],
    ["a script on the socket", "/php/www.sock:/var/www/install.php"],
  ])("is refused for %s", async (_, path) => {
    expect(await connectTo(`unix:${folder}${path}`, [`unix:${folder}/php/*.sock`])).toBeUndefined();
  });

  it("in the abstract namespace is allowed by its name alone", async () => {
    expect(await connectTo("unix:@php", ["unix:/**", "unix:@*"])).toBeUndefined();
    expect(await connectTo("unix:@php", ["unix:@php"])).toBe("unix:@php:/status");
  });

  it("is refused for a relative path", async () => {
    expect(await connectTo("unix:www.sock", ["unix:/**/*.sock"])).toBeUndefined();
  });
});

describe("an httpd", () => {
  const allow = ["http://10.0.0.7/server-status", "https://10.1.0.0/16:8443/status"];

  it("is allowed by its page", async () => {
    const page = "http://10.0.0.7:80/server-status";
    expect(await connectTo("http://10.0.0.7/server-status", allow)).toBe(page);
    expect(await connectTo("http://10.0.0.7/server-status?auto", allow)).toBe(`${page}?auto`);
    const decision = await allowProbe("https://10.1.2.3:8443/status", allow.map(parseAllowRule));
    expect(decision).toMatchObject({
      kind: "apache",
      connectTo: "https://10.1.2.3:8443/status",
      host: "10.1.2.3:8443",
    });
  });

  it.each([
    "http://10.0.0.7/",
    "http://10.0.0.7/server-status/",
    "http://10.0.0.7/server-status%2f..%2fadmin",
    "http://10.0.0.7/server-status?x=http://10.0.0.7/server-status",
    "http://10.0.0.7:8080/server-status",
    "https://10.0.0.7/server-status",
    "http://10.0.0.7@127.0.0.1/server-status",
    "http://127.0.0.1/server-status#@10.0.0.7/server-status",
    "http://10.0.0.7\\@127.0.0.1/server-status",
    "http://0x7f000001/server-status",
    "http://127.1/server-status",
    "http://2130706433/server-status",
    "http://[::ffff:127.0.0.1]/server-status",
    "ftp://10.0.0.7/server-status",
    "10.0.0.7:80/server-status",
    "http://",
  ])("is refused for %s", async (target) => {
    expect(await connectTo(target, allow)).toBeUndefined();
  });

  it("keeps the name of the host that was resolved", async () => {
    const resolve = async () => ["10.0.0.7"];
    const rules = allow.map(parseAllowRule);
    expect(await allowProbe("http://www.example/server-status", rules, resolve)).toMatchObject({
      connectTo: "http://10.0.0.7:80/server-status",
      host: "www.example",
    });
  });
});

describe("a rule that cannot be read", () => {
  it.each([
    "10.0.0.0/8",
    "10.0.0.0/33:9000",
    "10.0.0:9000",
    "0x0a000001:9000",
    "127.1:9000",
    "10.0.0.1:0",
    "10.0.0.1:70000",
    "unix:run/php/*.sock",
    "unix:/run/php/",
    "unix:@",
    "http://10.0.0.7",
    "http://10.0.0.7/status?notable",
    "http://user@10.0.0.7/status",
    "[10.0.0.0/8:9000",
    "*:9000",
    "[::1]/0:9000",
    "[fd00::1/8]:9000",
    "10.0.0.1/8:9000",
    "unix:/run/../etc/*.sock",
    "unix:/run/./php.sock",
    "unix:/run//php.sock",
    "",
  ])("is an error: %s", (rule) => {
    expect(() => parseAllowRule(rule)).toThrow(/rule/);
  });
});
