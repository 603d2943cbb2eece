// Writes what is made from the code: docs/cli.md and man/ from the help of the commands, docs/api/
// from the doc comments, docs/troubleshooting.md from the errors. `--check` writes nothing, and says
// what is not current.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiDocs } from "./api-docs.mjs";
import { troubleshooting } from "./troubleshooting.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Folders that hold nothing else. */
const FOLDERS = ["man", "docs/api"];
const { manualFiles } = await import("../dist/cli/manual-files.js");

const files = new Map([
  ...(await manualFiles()),
  ...apiDocs(),
  ["docs/troubleshooting.md", troubleshooting()],
]);
if (process.argv.includes("--check")) check();
else write();

function write() {
  for (const folder of FOLDERS) rmSync(join(root, folder), { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  process.stderr.write(`wrote ${files.size} files\n`);
}

function check() {
  const written = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
  const read = (path) =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "";
  const stale = [
    ...[...files].filter(([path, text]) => read(path) !== text).map(([path]) => path),
    ...written.filter((path) => !files.has(path)),
  ];
  if (stale.length === 0) return;
  process.stderr.write(`not current: ${stale.join(", ")}\nnpm run manual writes them\n`);
  process.exitCode = 1;
}
