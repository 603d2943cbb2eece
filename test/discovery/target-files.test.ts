import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isTargetsFile, readTargets } from "../../src/discovery/target-files.js";
import { ErrorCode } from "../../src/errors.js";
import { silent, startFakeServer } from "../harness/fake-server.js";

const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-targets-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Reads targets from text that comes in pieces of `size` bytes. */
async function read(text: string, name = "targets", size = text.length + 1): Promise<string[]> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const targets: string[] = [];
  for await (const list of readTargets(pieces(), name)) targets.push(...list);
  return targets;
}

const badInput = expect.objectContaining({ code: ErrorCode.BadInput });

describe("a file of lines", () => {
  const text =
    "\ufeff# the pools\r\n\r\n  unix:/run/php/www.sock:/status  # main\n[::1]:9000/status\n" +
    "unix:/run/a#b.sock\n\n127.0.0.1:9001/status";
  const targets = [
    "unix:/run/php/www.sock:/status",
    "[::1]:9000/status",
    "unix:/run/a#b.sock",
    "127.0.0.1:9001/status",
  ];

  it.each([1, 2, 3, 7, 1_000])(
    "has one address per line, read %d bytes at a time",
    async (size) => {
      expect(await read(text, "targets.txt", size)).toEqual(targets);
    },
  );

  it("may start with an IPv6 address, which is not YAML", async () => {
    expect(await read("[::1]:9000/status\n")).toEqual(["[::1]:9000/status"]);
  });

  it("is read line by line, before its end", async () => {
    async function* endless() {
      for (let port = 1; ; port++) yield Buffer.from(`127.0.0.1:${port}/status\n`);
    }
    const reader = readTargets(endless(), "pipe");
    expect((await reader.next()).value).toEqual(["127.0.0.1:1/status"]);
    expect((await reader.next()).value).toEqual(["127.0.0.1:2/status"]);
    await reader.return();
  });

  it("refuses a line that has no end", async () => {
    await expect(read("x".repeat(140_000), "pipe", 1_000)).rejects.toMatchObject({
      code: ErrorCode.LimitExceeded,
      address: "pipe",
    });
  });
});

describe("YAML", () => {
  it.each([
    ["a list", "- a:1\n- unix:/run/x.sock:/status # x\n"],
    ["a list behind a comment and a start", "# pools\n---\n- a:1\n- unix:/run/x.sock:/status\n"],
    ["targets", "targets:\n  - a:1\n  - unix:/run/x.sock:/status\n"],
    [
      "file_sd of Prometheus",
      "- targets: [a:1]\n  labels: {env: prod}\n- targets:\n  - unix:/run/x.sock:/status\n",
    ],
    ["file_sd as JSON", '[{"targets": ["a:1", "unix:/run/x.sock:/status"], "labels": {}}]'],
  ])("may be %s", async (_, text) => {
    expect(await read(text)).toEqual(["a:1", "unix:/run/x.sock:/status"]);
  });

  it("is recognised by the file's name, too", async () => {
    expect(await read('"a:1"\n', "pools.yml")).toEqual(["a:1"]);
    expect(await read("", "pools.yaml")).toEqual([]);
  });

  it.each(["- 1\n", "- {host: a}\n", "targets: {a: b}\n", "[", "- &a [*a]\n- *b\n"])(
    "%j is refused",
    async (text) => {
      await expect(read(text)).rejects.toEqual(badInput);
    },
  );
});

describe("the first argument of scrape", () => {
  it("is a file when it exists, or is standard input", () => {
    expect(isTargetsFile("-")).toBe(true);
    expect(isTargetsFile(file("127.0.0.1:9000", ""))).toBe(true);
    expect(isTargetsFile("127.0.0.1:9000")).toBe(false);
  });

  it("is a target when it is a socket", async () => {
    await using server = await startFakeServer(silent);
    expect(isTargetsFile(server.bareAddress)).toBe(false);
  });

  it.each(["nonsense", "/nowhere/targets.txt"])("%s is refused", (argument) => {
    expect(() => isTargetsFile(argument)).toThrow(badInput);
  });

  it("is reported as a folder when it is one", () => {
    expect(() => isTargetsFile(folder)).toThrow(`"${folder}" is a folder`);
  });
});
