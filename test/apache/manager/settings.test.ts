import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { readIniSettings, settingsFiles } from "../../../src/apache/manager/settings.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

function put(name: string, ...lines: string[]): void {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, lines.join("\n"));
}

const read = () => readIniSettings(settingsFiles(join(folder, "home"), join(folder, "etc")));

describe("the settings of apache-manager 2", () => {
  it("S1.I come from the section of an ini file", () => {
    put(
      "etc/apache-manager.ini",
      "# a comment",
      "[other]",
      "worker-timeout = 1",
      "[apache-manager]",
      "; another",
      "hanging-worker-threshold = 2 minutes",
      "max-memory-active: 500M",
      "Max-Memory-Idle=200 MB",
      "worker-timeout =  5m  ",
    );
    expect(read()).toEqual({
      settings: {
        hangingWorkerThreshold: 120,
        maxMemoryActive: 500 * 1024 ** 2,
        maxMemoryIdle: 200 * 1024 ** 2,
        workerTimeout: 300,
      },
      warnings: [],
    });
  });

  it("S1.I come from all of the files, and the last one takes precedence", () => {
    const set = (seconds: number) => ["[apache-manager]", `worker-timeout = ${seconds}`];
    put("home/.config/apache-manager.d/a.ini", ...set(6));
    put("home/.config/apache-manager.ini", ...set(5));
    put("home/.apache-manager.d/a.ini", ...set(4), "max-memory-idle = 4");
    put("home/.apache-manager.ini", ...set(3));
    put("etc/apache-manager.d/b.ini", ...set(2), "max-memory-active = 2");
    put("etc/apache-manager.d/a.ini", ...set(1), "max-memory-active = 1");
    put("etc/apache-manager.d/ignored.conf", ...set(9));
    expect(read().settings).toEqual({ workerTimeout: 6, maxMemoryIdle: 4, maxMemoryActive: 2 });
  });

  it("S1.I are empty if there is no file", () => {
    expect(read()).toEqual({ settings: {}, warnings: [] });
    expect(settingsFiles(undefined, join(folder, "etc"))).toHaveLength(1);
  });

  it("have a warning for each line that cannot be read", () => {
    put("etc/apache-manager.ini", "[apache-manager]", "speed = 5", "worker-timeout = soon");
    const { settings, warnings } = read();
    expect(settings).toEqual({});
    expect(warnings).toEqual([
      expect.stringContaining("sets speed on line 2, which is not a setting"),
      expect.stringContaining('sets worker-timeout on line 3: Failed to parse timespan! ("soon")'),
    ]);
  });
});
