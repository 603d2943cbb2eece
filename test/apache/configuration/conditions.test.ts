import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { matchesVersion } from "../../../src/apache/configuration/conditions.js";
import {
  type DiscoverHttpdOptions,
  discoverHttpd,
} from "../../../src/apache/configuration/discover.js";
import { versionOfProgram } from "../../../src/apache/configuration/places.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-version-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, "latin1");
  return file;
}

describe("the version in httpd's program", () => {
  it.each([
    ["\x7fELF\0\0Apache/2.4.66\0Apache/2.4.66 (Debian)\0Apache/2.4\0", "2.4.66"],
    ["\0Apache/2.4\0Apache/2\0Apache/2.4.6 (CentOS)\0", "2.4.6"],
    ["\0Apache/2.5.1-dev\0", "2.5.1-dev"],
    ["\0Apache/2.4.6.1\0Apache/1.2.x\0", undefined],
    ["#!/bin/sh\nexec httpd\n", undefined],
  ])("of %j is %s", (text, version) => {
    expect(versionOfProgram(fileOf("httpd", text))).toBe(version);
  });

  it("is undefined for a path that is not a file", () => {
    expect(versionOfProgram(folder)).toBeUndefined();
    expect(versionOfProgram(join(folder, "none"))).toBeUndefined();
    expect(versionOfProgram("/dev/zero")).toBeUndefined();
  });
});

describe("IfVersion", () => {
  it.each([
    [["2.4.66"], true],
    [["2.4"], false],
    [["=", "2.4.66"], true],
    [["==", "2.4.66"], true],
    [["!=", "2.4.66"], false],
    [[">", "2.4.65"], true],
    [[">", "2.4.66"], false],
    [[">=", "2.4"], true],
    [[">=", "2.4.66"], true],
    [[">=", "2.4.100"], false],
    [["<", "2.10"], true],
    [["<=", "2"], false],
    [["!<", "2.4"], true],
    [["!>=", "2.4"], false],
    [["~", "^2\\.[34]\\."], true],
    [["=", "/^2\\.2/"], false],
    [["!~", "^2\\.2"], true],
    [["=>", "2.4"], undefined],
    [[">=", "x"], undefined],
    [[">=", "2.4.1.1"], undefined],
    [["~", "["], undefined],
    [[], undefined],
  ])("with %j of 2.4.66 is %s", (values, matches) => {
    expect(matchesVersion("2.4.66", values)).toBe(matches);
  });

  const config = [
    "Listen 1",
    "<IfVersion >= 2.4>",
    "Listen 2",
    "</IfVersion>",
    "<IfVersion < 2.4>",
    "Listen 3",
    "</IfVersion>",
    "<IfVersion ~ ^2\\.[45]>",
    "Listen 4",
    "</IfVersion>",
  ].join("\n");
  const found = (options: DiscoverHttpdOptions) => {
    const { listeners, warnings } = discoverHttpd({ file: fileOf("a.conf", config), ...options });
    return { ports: listeners.map(({ port }) => port), warnings };
  };

  it("reads the blocks of the version that is given, or that the program has", () => {
    expect(found({ version: "2.4.66" })).toEqual({ ports: [1, 2, 4], warnings: [] });
    expect(found({ version: "2.2.34" })).toEqual({ ports: [1, 3], warnings: [] });
    const program = fileOf("httpd", "\0Apache/2.4.6 (CentOS)\0");
    expect(found({ program })).toEqual({ ports: [1, 2, 4], warnings: [] });
  });

  it("leaves the block out if the version is unknown, with a warning", () => {
    const { ports, warnings } = found({ program: join(folder, "none") });
    expect(ports).toEqual([1]);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(
      /^<IfVersion >= 2\.4> on line 2 of .*a\.conf was left out: httpd's version is not known$/,
    );
  });

  it("leaves out what httpd would not understand, with a warning", () => {
    const file = fileOf("b.conf", "Listen 1\n<IfVersion => 2>\nListen 2\n</IfVersion>");
    const { listeners, warnings } = discoverHttpd({ file, version: "2.4.66" });
    expect(listeners).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining("httpd does not understand it")]);
  });

  it("leaves out a block that depends on httpd's modules, with a warning", () => {
    const file = fileOf("c.conf", "Listen 1\n<IfDirective X>\nListen 2\n</IfDirective>");
    const { listeners, warnings } = discoverHttpd({ file });
    expect(listeners).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining("it depends on httpd's modules")]);
  });
});
