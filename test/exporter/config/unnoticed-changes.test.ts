import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchConfiguration } from "../../../src/exporter/config/watch-configuration.js";
import type { ExporterSettings } from "../../../src/exporter/settings.js";
import { makeFolder, until } from "../../harness/server-process.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/**
 * A folder `site/now` that is a link, and what replaces it by another one. It is two levels above
 * the files, in a folder that nothing watches.
 */
function swappedFolder(texts: readonly [before: string, after: string]) {
  const folder = makeFolder();
  const file = (name: string) => join(folder, name, "conf", "file");
  for (const [index, text] of texts.entries()) {
    mkdirSync(dirname(file(`${index}`)), { recursive: true });
    writeFileSync(file(`${index}`), text);
  }
  mkdirSync(join(folder, "site"));
  const link = join(folder, "site", "now");
  symlinkSync(join(folder, "0"), link);
  const swap = () => {
    symlinkSync(join(folder, "1"), `${link}.new`);
    renameSync(`${link}.new`, link);
  };
  return { path: join(link, "conf", "file"), swap };
}

it.each([
  [
    "the configuration",
    ["targets: [h:1]", "targets: [h:2]"] as const,
    (path: string): string | { text: string } => path,
  ],
  [
    "a file of targets",
    ["- h:1\n", "- h:2\n"] as const,
    (path: string) => ({ text: `discover: { files: ["${path}"] }` }),
  ],
])("a change of %s that no folder shows is found after 30 seconds", async (_, texts, from) => {
  const { path, swap } = swappedFolder(texts);
  const seen: ExporterSettings[] = [];
  const watched = await watchConfiguration(from(path), { onSettings: (each) => seen.push(each) });
  const addresses = () => seen.at(-1)?.targets.map(({ address }) => address);
  try {
    expect(addresses()).toEqual(["h:1"]);
    swap();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(addresses()).toEqual(["h:1"]);
    await vi.advanceTimersByTimeAsync(1_000);
    await until(
      () => addresses()?.[0] === "h:2",
      () => `the targets are still ${addresses()}`,
    );
  } finally {
    watched.close();
  }
});
