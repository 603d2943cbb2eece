// Sizes in bytes: of the WebAssembly module, of the package, of bundles, and of an installation on disk.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { bundleSizes } from "../../scripts/bundle-sizes.mjs";
import { root } from "../lib/package.mjs";
import { progress, reportAll } from "../lib/report.mjs";

const peers = join(root, "bench", "node_modules");

const packed = pack();
const wasm = statSync(join(root, "dist", "codec.wasm")).size;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const dependencies = Object.keys(manifest.dependencies ?? {})
  .map((name) => sizeOf(join(root, "node_modules", name)))
  .reduce((sum, size) => sum + size, 0);

report("package", [
  ["codec.wasm", wasm],
  ["tarball", packed.size],
  ["unpacked", packed.unpackedSize],
]);
report(
  "in a Worker's bundle, gzipped",
  (await bundleSizes()).map(({ name, size }) => [name, size]),
);
report("installed, with dependencies", [
  ["fcgi-probe", packed.unpackedSize + dependencies],
  ...["fastcgi-client", "fastcgi-parser", "fastcgi-stream", "node-fastcgi", "netstring"].map(
    (name) => [
      `${name} ${versionOf(name)}`,
      [...installed(name)].reduce((sum, each) => sum + sizeOf(join(peers, each)), 0),
    ],
  ),
]);

function report(name, sizes) {
  reportAll("size", name, "bytes", new Map(sizes), sizes[0][0]);
  progress(name);
}

/** The files that npm would publish. */
function pack() {
  const npm = process.env.npm_execpath;
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const [command, ...rest] = npm?.endsWith("npm-cli.js")
    ? [process.execPath, npm, ...args]
    : ["npm", ...args];
  const { status, stdout, stderr } = spawnSync(command, rest, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  return JSON.parse(stdout)[0];
}

function manifestOf(name) {
  return JSON.parse(readFileSync(join(peers, name, "package.json"), "utf8"));
}

function versionOf(name) {
  return manifestOf(name).version;
}

/** A package and all of its dependencies. */
function installed(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const each of Object.keys(manifestOf(name).dependencies ?? {})) installed(each, found);
  return found;
}

function sizeOf(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
