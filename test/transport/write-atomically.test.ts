import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { writeAtomically } from "../../src/transport/write-atomically.js";

describe("writing a file atomically", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fcgi-probe-metrics-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
  });

  it("S1.82 leaves no other file", async () => {
    const path = join(folder, "apache-manager.txt");
    await writeAtomically(path, "one\n");
    const { ino } = statSync(path);
    await writeAtomically(path, "two\n");
    expect(readFileSync(path, "utf8")).toBe("two\n");
    expect(statSync(path).ino).not.toBe(ino);
    expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(readdirSync(folder)).toEqual(["apache-manager.txt"]);
  });

  it("S1.82 leaves a link beside the file and what it leads to", async () => {
    const victim = join(folder, "victim");
    writeFileSync(victim, "precious");
    const path = join(folder, "apache-manager.txt");
    symlinkSync(victim, `${path}.tmp`);
    await writeAtomically(path, "text");
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(readFileSync(`${path}.tmp`, "utf8")).toBe("precious");
    expect(readFileSync(path, "utf8")).toBe("text");
  });

  it("lets several write at the same time, each a whole file", async () => {
    const path = join(folder, "metrics.prom");
    const texts = Array.from({ length: 20 }, (_, index) => `${index} `.repeat(50_000));
    const written = Promise.all(texts.map((text) => writeAtomically(path, text)));
    expect(readdirSync(folder).filter((name) => name.endsWith(".prom"))).toEqual([]);
    await written;
    expect(texts).toContain(readFileSync(path, "utf8"));
    expect(readdirSync(folder)).toEqual(["metrics.prom"]);
  });

  it("leaves nothing in or beside a folder of that name", async () => {
    const path = join(folder, "metrics");
    mkdirSync(path);
    await expect(writeAtomically(path, "text")).rejects.toThrow(`${path} is a folder`);
    await expect(writeAtomically(`${path}/`, "text")).rejects.toThrow("is a folder");
    expect([readdirSync(folder), readdirSync(path)]).toEqual([["metrics"], []]);
  });

  it("leaves no file if the name is taken at the last moment", async () => {
    const path = join(folder, "metrics");
    const written = writeAtomically(path, "text".repeat(1_000_000));
    while (readdirSync(folder).length === 0) await new Promise((resolve) => setImmediate(resolve));
    mkdirSync(path);
    await expect(written).rejects.toMatchObject({ code: "EISDIR" });
    expect(readdirSync(folder)).toEqual(["metrics"]);
  });

  it("writes to /dev/null, and does not replace it", async () => {
    await writeAtomically("/dev/null", "text");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("does not wait for the reader of a pipe", async () => {
    const path = join(folder, "pipe");
    execFileSync("python3", ["-c", "import os, sys; os.mkfifo(sys.argv[1])", path]);
    await expect(writeAtomically(path, "text")).rejects.toThrow("is not a regular file");
    expect(readdirSync(folder)).toEqual(["pipe"]);
  });

  it("gives the file a mode, whatever the umask", async () => {
    const path = join(folder, "metrics.prom");
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    await writeAtomically(path, ["one ", "two\n"], { mode: 0o644, isDurable: false });
    expect(readFileSync(path, "utf8")).toBe("one two\n");
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it("reports that it is not permitted", async () => {
    const path = join(folder, "none", "x.txt");
    await expect(writeAtomically(path, "text")).rejects.toMatchObject({
      code: "ENOENT",
      message: `the folder ${dirname(path)} does not exist`,
    });
    expect(existsSync(path)).toBe(false);
  });
});
