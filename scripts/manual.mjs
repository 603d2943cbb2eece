// Writes docs/cli.md and the pages in man/, from the help of the commands.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { manualFiles } = await import("../dist/cli/manual-files.js");

rmSync(join(root, "man"), { recursive: true, force: true });
const files = await manualFiles();
for (const [path, text] of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
process.stderr.write(`wrote ${files.size} files\n`);
