import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  configurationsOf,
  findConfiguration,
  programsOf,
} from "../../../src/apache/configuration/places.js";

describe("where httpd's configuration is", () => {
  it.each([
    ["Debian", "/etc/apache2/apache2.conf", "/usr/sbin/apache2"],
    ["Fedora", "/etc/httpd/conf/httpd.conf", "/usr/sbin/httpd"],
    ["cPanel", "/etc/apache2/conf/httpd.conf", "/usr/sbin/httpd"],
    [
      "cPanel before EasyApache 4",
      "/usr/local/apache/conf/httpd.conf",
      "/usr/local/apache/bin/httpd",
    ],
    ["httpd's image", "/usr/local/apache2/conf/httpd.conf", "/usr/local/apache2/bin/httpd"],
    ["Bitnami", "/opt/bitnami/apache/conf/httpd.conf", "/opt/bitnami/apache/bin/httpd"],
    ["Bitnami before", "/opt/bitnami/apache2/conf/httpd.conf", "/opt/bitnami/apache2/bin/httpd"],
    ["XAMPP", "/opt/lampp/etc/httpd.conf", "/opt/lampp/bin/httpd"],
    ["Homebrew", "/opt/homebrew/etc/httpd/httpd.conf", "/opt/homebrew/opt/httpd/bin/httpd"],
    ["Homebrew on Intel", "/usr/local/etc/httpd/httpd.conf", "/usr/local/opt/httpd/bin/httpd"],
    ["Slackware and NixOS", "/etc/httpd/httpd.conf", "/usr/sbin/httpd"],
    ["FreeBSD", "/usr/local/etc/apache24/httpd.conf", "/usr/local/sbin/httpd"],
    ["Gentoo", "/etc/apache2/httpd.conf", "/usr/sbin/apache2"],
    ["openSUSE", "/etc/apache2/httpd.conf", "/usr/sbin/httpd"],
  ])("knows that of %s", (_, file, program) => {
    expect(programsOf(file)).toContain(program);
    expect(configurationsOf(program)).toContain(file);
  });
});

describe("looking for the configuration", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fcgi-probe-places-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  });

  it("takes the first that exists", () => {
    const files = ["a.conf", "b.conf", "c.conf"].map((name) => join(folder, name));
    const [first, second, third] = files as [string, string, string];
    writeFileSync(second, "");
    writeFileSync(third, "");
    expect(findConfiguration(files)).toEqual({ file: second, warnings: [] });
    expect(findConfiguration([first, join(second, "x")]).file).toBe(first);
  });
});

/** Runs code of the sources as a user other than root, who may not open closed folders. */
function asAnyone(line: string): unknown {
  const isRoot = process.getuid?.() === 0;
  const script = `const { discoverHttpd } = await import(${JSON.stringify(door)});
    const { findConfiguration } = await import(${JSON.stringify(places)});
    let result;
    try { result = ${line}; } catch ({ message, hint }) { result = { message, hint }; }
    console.log(JSON.stringify(result));`;
  const shown = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
  });
  return JSON.parse(shown);
}

const built = (name: string) => new URL(`../../../dist/${name}.js`, import.meta.url).href;
const door = built("apache");
const places = built("apache/configuration/places");

describe("a folder that may not be entered", () => {
  let folder = "";
  let closed = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fcgi-probe-closed-"));
    closed = join(folder, "closed");
    mkdirSync(join(closed, "conf"), { recursive: true });
    writeFileSync(join(closed, "conf", "httpd.conf"), "Listen 80\n");
    execFileSync("chmod", ["-R", "a+rX", folder]);
    execFileSync("chmod", ["0", closed]);
    onTestFinished(() => {
      execFileSync("chmod", ["700", closed]);
      rmSync(folder, { recursive: true, force: true });
    });
  });
  const quoted = (...parts: string[]) => JSON.stringify(join(...parts));
  const said = () => `is in the folder ${closed}, which this user may not enter (EACCES)`;

  it("is reported as such, not as missing", () => {
    const file = quoted(closed, "conf", "httpd.conf");
    expect(asAnyone(`discoverHttpd({ file: ${file} })`)).toMatchObject({
      message: expect.stringContaining(`cannot be read: it ${said()}.`),
    });
  });

  it("has a warning if it may have a configuration", () => {
    writeFileSync(join(folder, "open.conf"), "Listen 80\n");
    const files = `[${quoted(closed, "conf/httpd.conf")}, ${quoted(folder, "open.conf")}]`;
    expect(asAnyone(`findConfiguration(${files})`)).toEqual({
      file: join(folder, "open.conf"),
      warnings: [`${join(closed, "conf/httpd.conf")} was not looked at: it ${said()}`],
    });
    const none = `[${quoted(folder, "none")}, ${quoted(closed, "conf/httpd.conf")}]`;
    expect(asAnyone(`findConfiguration(${none})`)).toMatchObject({
      file: join(closed, "conf/httpd.conf"),
    });
  });

  it.each([
    ["Include closed/conf/httpd.conf", "closed/conf/httpd.conf"],
    ["IncludeOptional closed/conf/*.conf", "closed/conf/*.conf"],
    ["IncludeOptional closed/*/*.conf", "closed/*/*.conf"],
    ["Include closed/conf", "closed/conf"],
  ])("is said where a file of it is included: %s", (line, path) => {
    const file = join(folder, "a.conf");
    writeFileSync(file, `ServerRoot ${folder}\nListen 80\n${line}\n`);
    const problem = path.includes("*/") ? "may not be read by this user (EACCES)" : said();
    expect(asAnyone(`discoverHttpd({ file: ${quoted(file)} })`)).toMatchObject({
      warnings: [`${join(folder, path)} was not read: it ${problem}`],
    });
  });

  it("is in the hint if nothing else has a Listen", () => {
    const file = join(folder, "a.conf");
    writeFileSync(file, `Include ${closed}/conf/*.conf\n`);
    expect(asAnyone(`discoverHttpd({ file: ${quoted(file)} })`)).toMatchObject({
      message: expect.stringContaining("Maybe I'm parsing the wrong configuration file?"),
      hint: expect.stringContaining(said()),
    });
  });

  it("differs from a file that may not be read", () => {
    const file = join(folder, "a.conf");
    writeFileSync(file, "Listen 80\n", { mode: 0 });
    expect(asAnyone(`discoverHttpd({ file: ${quoted(file)} })`)).toMatchObject({
      message: expect.stringContaining("cannot be read: it may not be read by this user (EACCES)."),
    });
  });
});
