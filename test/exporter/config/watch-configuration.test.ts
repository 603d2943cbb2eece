import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type WatchedConfiguration,
  watchConfiguration,
} from "../../../src/exporter/config/watch-configuration.js";
import type { ExporterSettings, LogRecord } from "../../../src/exporter/settings.js";
import { targetDefaults } from "../../../src/exporter/target.js";
import { until } from "../../harness/server-process.js";

let folder: string;
let watched: WatchedConfiguration | undefined;
const seen: ExporterSettings[] = [];
const log: LogRecord[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-config-"));
  seen.length = 0;
  log.length = 0;
});
afterEach(() => {
  watched?.close();
  watched = undefined;
  rmSync(folder, { recursive: true });
});

const reloadFacts = () => seen.at(-1)?.lastReload;
const isGood = () => reloadFacts()?.successful === true;
const addresses = () => seen.at(-1)?.targets.map(({ address }) => address);

async function follow(path: string): Promise<WatchedConfiguration> {
  watched = await watchConfiguration(path, {
    onSettings: (settings) => seen.push(settings),
    log: (record) => log.push(record),
  });
  return watched;
}

function write(path: string, text: string): string {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
  return path;
}

const site = (text: string) => write(join(folder, "site.yaml"), text);
const settle = (expected: string[]) =>
  until(
    () => JSON.stringify(addresses()) === JSON.stringify(expected),
    () => `the targets are ${addresses()}, not ${expected}`,
  );

describe("many reloads at once", () => {
  it("are one that runs and one that waits", async () => {
    const it = await follow(site("targets: [h:1]\n"));
    const reloads = Array.from({ length: 1_000 }, () => it.reload());
    site("targets: [h:2]\n");
    await Promise.all(reloads);
    expect(log.filter(({ message }) => message === "the configuration was read again")).toEqual([
      expect.objectContaining({ targets: 1 }),
    ]);
    expect(addresses()).toEqual(["h:2"]);
    await Promise.all([it.reload(), it.reload()]);
    expect(log.filter(({ message }) => message.includes("read again"))).toHaveLength(2);
  });
});

describe("at the start", () => {
  it("a configuration becomes settings", async () => {
    const path = site(`
modules:
  fpm: { kind: phpfpm, timeout: 2s, processes: 8, opcache: /srv/opcache.php }
  slow: { kind: phpfpm, timeout: 9s }
  httpd: { kind: apache, timeout: 4s, host: www.example.com, insecure: true }
targets:
  - h:1
  - { address: h:2, module: slow, labels: { site: shop } }
  - http://127.0.0.1/server-status?auto
metric_style: modern
scrape: { timeout: 8s }
web: { lifecycle: true }
`);
    await follow(path);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ metricStyle: "modern", scrapeTimeout: 8_000, lifecycle: true });
    expect(seen[0]?.targets).toMatchObject([
      { address: "h:1", kind: "phpfpm", timeout: 2_000, processes: 8, source: `${path}:7` },
      { address: "h:2", timeout: 9_000, processes: 64, labels: { site: "shop" } },
      { kind: "apache", timeout: 4_000, http: { host: "www.example.com", insecure: true } },
    ]);
    expect(seen[0]?.targets[0]?.opcache).toBe("/srv/opcache.php");
    expect([...(seen[0]?.probe?.modules.keys() ?? [])]).toEqual(["fpm", "slow", "httpd"]);
  });

  it("a wrong one, or none, is an error", async () => {
    await expect(follow(site("pool: 1"))).rejects.toThrow(/site\.yaml:1:1: unknown key "pool"/);
    await expect(follow(join(folder, "none.yaml"))).rejects.toThrow(/none\.yaml/);
    writeFileSync(join(folder, "latin.yaml"), Buffer.from([0x23, 0xe9]));
    await expect(follow(join(folder, "latin.yaml"))).rejects.toThrow(/not UTF-8/);
  });

  it("targets that are given by flags come first", async () => {
    const given = { ...targetDefaults, address: "h:9", kind: "phpfpm", source: "a flag" } as const;
    watched = await watchConfiguration(site("targets: [h:1, h:9]"), {
      onSettings: (settings) => seen.push(settings),
      targets: [given],
      log: (record) => log.push(record),
    });
    expect(addresses()).toEqual(["h:9", "h:1"]);
    expect(log[0]?.error).toMatch(/^h:9 is in a flag and in .*site\.yaml:1$/);
  });

  it("slow sources do not hold up the targets of the file", async () => {
    mkdirSync(join(folder, "t"));
    write(join(folder, "t/a.yaml"), "- h:2\n");
    await follow(site("targets: [h:1]\ndiscover: { files: ['t/*.yaml'] }"));
    expect(seen.map(({ ready, targets }) => [ready, targets.length])).toEqual([
      [false, 1],
      [true, 2],
    ]);
  });
});

describe("a change", () => {
  it("of the file is noticed, and a wrong one leaves the old one running", async () => {
    await follow(site("targets: [h:1]"));
    expect(isGood()).toBe(true);
    const succeededAt = reloadFacts()?.succeededAt;
    site("targets: h:2");
    await until(
      () => !isGood(),
      () => "the error was not noticed",
    );
    expect(addresses()).toEqual(["h:1"]);
    expect(reloadFacts()?.succeededAt).toBe(succeededAt);
    expect(log).toMatchObject([
      { level: "error", error: expect.stringContaining("site.yaml:1:10: this must be a list") },
    ]);
    site("targets: [h:3]");
    await settle(["h:3"]);
    expect(isGood()).toBe(true);
    site("targets: [");
    await until(
      () => !isGood(),
      () => "the second error was not noticed",
    );
    site("targets: [h:3]");
    await until(isGood, () => "the old text was not noticed");
    const again = { level: "info", message: "the configuration was read again", targets: 1 };
    const wrong = { level: "error" };
    expect(log).toMatchObject([wrong, again, wrong, again]);
  });

  it("that is wrong is in the log again when a reload is asked for", async () => {
    const { reload } = await follow(site("targets: [h:1]"));
    site("targets: [");
    await expect(reload()).rejects.toThrow(/site\.yaml/);
    const before = log.filter(({ level }) => level === "error").length;
    await expect(reload()).rejects.toThrow(/site\.yaml/);
    expect(log.filter(({ level }) => level === "error")).toHaveLength(before + 1);
  });

  it("of the file by a rename, twice, is noticed", async () => {
    await follow(site("targets: [h:1]"));
    site("targets: [h:2]");
    await settle(["h:2"]);
    site("targets: [h:3]");
    await settle(["h:3"]);
  });

  it("by the swap of a ConfigMap's link is noticed", async () => {
    const publish = (version: string, text: string) => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "site.yaml"), text);
      symlinkSync(version, join(folder, "..data_tmp"));
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    };
    publish("..1", "targets: [h:1]");
    symlinkSync("..data/site.yaml", join(folder, "site.yaml"));
    await follow(join(folder, "site.yaml"));
    publish("..2", "targets: [h:2]");
    await settle(["h:2"]);
    publish("..3", "targets: [h:3]");
    await settle(["h:3"]);
  });

  it("of files of targets is noticed", async () => {
    mkdirSync(join(folder, "t"));
    write(join(folder, "t/a.yaml"), "- h:1\n");
    const { sources } = await follow(site("discover: { files: ['t/*.yaml'] }"));
    expect(addresses()).toEqual(["h:1"]);
    write(join(folder, "t/b.yaml"), "[{targets: [h:2], labels: {site: shop, __param_module: x}}]");
    await settle(["h:1", "h:2"]);
    expect(seen.at(-1)?.targets[1]?.labels).toEqual({ site: "shop" });
    expect(log).toMatchObject([
      { error: expect.stringContaining('no module for phpfpm is called "x"') },
    ]);
    write(join(folder, "t/a.yaml"), "[{");
    await until(
      () => sources()[0]?.ok === false,
      () => "the error was not noticed",
    );
    expect(addresses()).toEqual(["h:1", "h:2"]);
    rmSync(join(folder, "t/b.yaml"));
    await settle(["h:1"]);
    expect(sources()).toMatchObject([{ targets: 1, ok: false }]);
  });

  it("that changes nothing makes no settings", async () => {
    await follow(site("targets: [h:1]"));
    writeFileSync(join(folder, "other.yaml"), "");
    site("targets: [h:2]");
    await settle(["h:2"]);
    expect(seen).toHaveLength(2);
  });
});

describe("reload()", () => {
  it("reads the file again, and its error is that of the caller", async () => {
    const { reload } = await follow(site("targets: [h:1]"));
    writeFileSync(join(folder, "site.yaml"), "targets: [h:2]");
    await reload();
    expect(addresses()).toEqual(["h:2"]);
    writeFileSync(join(folder, "site.yaml"), "a: 1\nb: 2");
    await expect(reload()).rejects.toThrow(/unknown key "a".*\n.*unknown key "b"/);
    expect(addresses()).toEqual(["h:2"]);
    expect(isGood()).toBe(false);
    rmSync(join(folder, "site.yaml"));
    await expect(reload()).rejects.toThrow(/site\.yaml/);
    site("targets: [h:3]");
    await Promise.all([reload(), reload(), reload()]);
    expect(addresses()).toEqual(["h:3"]);
  });

  it("keeps the targets of files that cannot be read", async () => {
    write(join(folder, "t.yaml"), "- h:1\n");
    const watch = await follow(site("discover: { files: [t.yaml] }"));
    writeFileSync(join(folder, "t.yaml"), "[{");
    await watch.reload();
    expect(addresses()).toEqual(["h:1"]);
    expect(isGood()).toBe(true);
    expect(watch.sources()).toMatchObject([{ ok: false }]);
  });

  it("does nothing after close()", async () => {
    const watch = await follow(site("targets: [h:1]"));
    watch.close();
    site("targets: [h:2]");
    await watch.reload();
    expect(addresses()).toEqual(["h:1"]);
  });
});
