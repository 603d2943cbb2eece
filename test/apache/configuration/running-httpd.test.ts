import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { findRunningHttpd, startOptions } from "../../../src/apache/configuration/running-httpd.js";
import { ProcFileSystem } from "../../../src/apache/processes/process-table.js";
import { type FakeProcess, makeProc } from "../fake-processes.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-running-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function fileOf(name: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "Listen 80\n");
  return file;
}

/** Masters that were started with these command lines, and a child of each. */
function tableOf(...masters: readonly (Partial<FakeProcess> & { args: readonly string[] })[]) {
  const processes = masters.flatMap(({ args, ...more }, index) => {
    const pid = 100 * (index + 1);
    const commandLine = ["/usr/sbin/apache2", ...args, ""].join("\0");
    const executable = "/opt/nowhere/bin/httpd";
    return [
      { pid, parentPid: 1, commandLine, executable, ...more },
      { pid: pid + 1, parentPid: pid, commandLine, executable, ...more },
    ];
  });
  const { root, remove } = makeProc(processes);
  onTestFinished(remove);
  return new ProcFileSystem(root);
}

describe("the options of httpd", () => {
  const none = { defines: [], file: undefined, serverRoot: undefined };
  it.each([
    [["-k", "start"], none],
    [["-D", "A", "-DB", "-XDC", "-XD", "D"], { ...none, defines: ["A", "B", "C", "D"] }],
    [["-f", "/a", "-d/b"], { ...none, file: "/a", serverRoot: "/b" }],
    [["-c", "-D", "-C", "Define A", "-e", "debug", "-DX"], { ...none, defines: ["X"] }],
    [["-E", "/log", "-DSSL", "-k", "start", "-DPHP"], { ...none, defines: ["SSL", "PHP"] }],
    [["x", "-DA"], none],
    [["--", "-DA"], none],
    [["-D"], none],
    [[], none],
  ])("are read from %j", (args, options) => {
    expect(startOptions(args)).toEqual(options);
  });
});

describe("the options of a running httpd", () => {
  it("count for the configuration that it was started with", () => {
    const [own, other] = [fileOf("own.conf"), fileOf("other.conf")];
    const table = tableOf({ args: ["-f", own, "-D", "SSL"] }, { args: ["-f", other, "-D", "X"] });
    expect(findRunningHttpd(own, table)).toEqual({
      file: own,
      defines: ["SSL"],
      serverRoot: undefined,
      program: "/opt/nowhere/bin/httpd",
      warnings: [],
    });
    expect(findRunningHttpd(other, table).defines).toEqual(["X"]);
    expect(findRunningHttpd(fileOf("third.conf"), table).defines).toEqual([]);
  });

  it.each([
    ["apache2.conf", ["-DA"]],
    ["conf/httpd.conf", ["-DA"]],
    ["httpd.conf", ["-DA"]],
    ["etc/my.conf", ["-DA", "-f", "etc/my.conf"]],
  ])("counts for %s in the ServerRoot that it was started with", (name, args) => {
    const file = fileOf(name);
    const table = tableOf({ args: [...args, "-d", folder] });
    expect(findRunningHttpd(file, table)).toMatchObject({ defines: ["A"], serverRoot: folder });
  });

  it("name the configuration if it is the only httpd", () => {
    const file = fileOf("own.conf");
    expect(findRunningHttpd(undefined, tableOf({ args: ["-f", file, "-DA"] }))).toMatchObject({
      file,
      defines: ["A"],
    });
    const other = fileOf("other.conf");
    const two = tableOf({ args: ["-f", file, "-DA"] }, { args: ["-f", other, "-DB"] });
    expect(findRunningHttpd(undefined, two).file).toBeUndefined();
  });

  it("count for a link to the configuration, too", () => {
    const file = fileOf("own.conf");
    const link = join(folder, "link.conf");
    symlinkSync(file, link);
    expect(findRunningHttpd(link, tableOf({ args: ["-f", file, "-DA"] })).defines).toEqual(["A"]);
    expect(findRunningHttpd(undefined, tableOf({ args: ["-f", link, "-DA"] })).file).toBe(link);
  });

  it("do not count if several httpds have different ones, with a warning", () => {
    const file = fileOf("own.conf");
    const same = tableOf({ args: ["-f", file, "-DA"] }, { args: ["-f", file, "-DA"] });
    expect(findRunningHttpd(file, same)).toMatchObject({ defines: ["A"], warnings: [] });
    const different = tableOf({ args: ["-f", file, "-DA"] }, { args: ["-f", file] });
    expect(findRunningHttpd(file, different)).toMatchObject({
      defines: [],
      warnings: [
        expect.stringMatching(/^2 httpds run with .*own\.conf, started in different ways/),
      ],
    });
  });

  it("do not count if it is another user's, or a container's", () => {
    const file = fileOf("own.conf");
    for (const more of [{ userId: 4_294_967_000 }, { innerPid: 1 }]) {
      const table = tableOf({ args: ["-f", file, "-DA"], ...more });
      expect(findRunningHttpd(file, table).defines).toEqual([]);
      expect(findRunningHttpd(undefined, table).file).toBeUndefined();
    }
  });
});
