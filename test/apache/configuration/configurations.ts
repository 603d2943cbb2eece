import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type DiscoveredHttpd, discoverHttpd } from "../../../src/apache/configuration/discover.js";

export let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "fcgi-probe-discovery-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** Makes a folder with these files. */
export function folderOf(files: Record<string, string>): string {
  const folder = join(root, String(++count));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export const discoverIn = (
  files: Record<string, string>,
  defines: string[] = [],
): DiscoveredHttpd =>
  discoverHttpd({ file: join(folderOf(files), Object.keys(files)[0] ?? ""), defines });
export const ports = (...lines: string[]): DiscoveredHttpd =>
  discoverIn({ "ports.conf": lines.join("\n") });
export const urls = (...lines: string[]): string[] =>
  ports(...lines).listeners.map(({ url }) => url);
