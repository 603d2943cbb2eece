import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Discovery } from "../../src/discovery/discovery.js";
import { watchDiscovery } from "../../src/discovery/watch.js";
import { startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";

const pool = { pm: "static", maxChildren: 1, listen: "unix" } as const;

const watchers = () =>
  process.getActiveResourcesInfo().filter((name) => name === "FSEventWrap").length;

describe("watchDiscovery", () => {
  it("tells of pools that come and go, and releases its watchers on abort", async () => {
    const before = watchers();
    await using fpm = await startPhpFpm({ pools: [{ ...pool, name: "www" }] });
    const file = join(fpm.folder, "php-fpm.conf");
    const found: Discovery[] = [];
    const abort = new AbortController();
    // Only a folder's change can tell: the next check is an hour away.
    const options = { phpFpm: [file], apache: false, interval: 3_600_000, debounce: 20 };
    const done = watchDiscovery(options, (each) => found.push(each), abort.signal);
    const states = () => found.at(-1)?.targets.map(({ labels, state }) => [labels["pool"], state]);
    const become = (expected: string[][]) =>
      until(
        () => JSON.stringify(states()) === JSON.stringify(expected),
        () => JSON.stringify(states()),
      );

    await become([["www", "ready"]]);
    const more = `[new]\nuser = root\ngroup = root\nlisten = ${fpm.folder}/new.sock\npm = ondemand\npm.max_children = 1\npm.status_path = /status\n`;
    writeFileSync(file, more, { flag: "a" });
    await become([
      ["www", "ready"],
      ["new", "not running"],
    ]);
    // The reload makes the socket, in the same folder.
    await fpm.reload();
    await become([
      ["www", "ready"],
      ["new", "ready"],
    ]);
    expect(watchers()).toBeGreaterThan(before);
    abort.abort();
    await done;
    // The system closes them a moment later.
    await until(
      () => watchers() === before,
      () => `${watchers()} watchers are left, ${before} were there`,
    );
  });

  it("sees on its interval a master that has started, and tells nothing where nothing changed", async () => {
    const found: Discovery[] = [];
    const abort = new AbortController();
    const options = { apache: false, interval: 50 };
    const done = watchDiscovery(options, (each) => found.push(each), abort.signal);
    await until(
      () => found.length === 1,
      () => `${found.length} results`,
    );
    await using fpm = await startPhpFpm({ pools: [{ ...pool, name: "www" }] });
    const isThere = () => found.at(-1)?.targets.some(({ source }) => source.startsWith(fpm.folder));
    await until(
      () => isThere() === true,
      () => "the master is not found",
    );
    await fpm.stop();
    await until(
      () => isThere() === false,
      () => "the master is still found",
    );
    const texts = found.map((each) => JSON.stringify(each));
    expect(texts.every((text, index) => text !== texts[index - 1])).toBe(true);
    abort.abort();
    await done;
  });
});
