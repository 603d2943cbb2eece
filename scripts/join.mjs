// Joins the modules of src/ and the libraries that they use into lib/, which is what npm publishes:
// every module once, in a few files. With a file for each module, a one-pool status took 124 ms, of
// which Node's own start takes 61.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { decode, encode } from "@jridgewell/sourcemap-codec";
import { build } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lib = join(root, "lib");
const source = (path) => join(root, "src", `${path}.ts`);
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** The commands, and the modules that are started by their files (src/transport/package-files.ts). */
const PROGRAMS = {
  "fcgi-probe": "cli/main",
  "apache-manager": "apache-manager/apache-manager",
  "worker-main": "pool/worker-main",
  "slow-log-thread": "pool/slow-log-thread",
  "status-thread": "phpfpm/status-thread",
  "watch-thread": "discovery/watch-thread",
  "bcrypt-worker": "web/bcrypt-worker",
};

const common = {
  platform: "node",
  tsconfig: false,
  resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
  transform: { target: "es2022" },
  logLevel: "warn",
};
/** Lines and names stay, so that a stack trace can be read. Without both it would be 9 % smaller. */
const minify = {
  compress: { keepNames: { function: true, class: true } },
  mangle: { toplevel: false, keepNames: true },
  codegen: { removeWhitespace: false },
};

/**
 * Marks what the constants of a module are made of as free of effects, which package.json says of the
 * modules: a bundler then leaves out constants that a user does not need.
 */
const CONSTANT = /^((?:export )?const \w+(?:: [^=\n]+)? = )(?=new \w|\w+\()/gm;
const markConstants = {
  name: "mark-constants",
  transform(code, id) {
    if (!id.startsWith(join(root, "src"))) return undefined;
    const marked = code.replaceAll(CONSTANT, "$1/* @__PURE__ */ ");
    // No line moves, so the maps stay right.
    return { code: marked, map: null };
  },
};

/** The doors of the package by their names. */
function doors({ exports }) {
  const targets = Object.values(exports).filter((target) => typeof target !== "string");
  return targets.map(({ default: path }) => /^\.\/lib\/(\w+)\.js$/.exec(path)[1]);
}

/** The modules that those at the paths import at once, and they themselves. */
function reach(paths) {
  // A set is read to its end, also what is added meanwhile.
  const files = new Set(paths.map(source));
  for (const file of files) {
    const imports = /^(?:import|export) (?!type\b)[^;"]*"(\..+?)\.js"/gm;
    for (const [, specifier] of readFileSync(file, "utf8").matchAll(imports)) {
      files.add(join(dirname(file), `${specifier}.ts`));
    }
  }
  return files;
}

/**
 * Groups of modules that one file holds: with the files as they fall, a one-pool status loads 68
 * instead of 29, and takes 14 % more CPU time. What the door `codec` reaches is in no group,
 * which would keep bundlers from leaving out what a program does not use.
 */
function groups(names) {
  const neutral = reach(["codec", "describe", "edge"]);
  const codec = reach(["codec"]);
  const index = reach(["index"]);
  const doors = reach(names);
  const start = reach(["cli/main"]);
  // Not what `--version` needs, too.
  const all = reach(["cli/commands/status", "cli/commands/ping"]);
  const commands = new Set([...all].filter((id) => !start.has(id)));
  const group = (name, priority, test) => ({ name, priority, test });
  return [
    // A door must not load what only commands need.
    group("start", 2, (id) => start.has(id) && !doors.has(id)),
    group("commands", 1, (id) => commands.has(id) && !doors.has(id)),
    group("client", 1, (id) => commands.has(id) && index.has(id) && !neutral.has(id)),
    group("machine", 0, (id) => commands.has(id) && doors.has(id) && !neutral.has(id)),
    group("pages", 1, (id) => commands.has(id) && /src.status-page./.test(id)),
    group("requests", 0, (id) => commands.has(id) && neutral.has(id) && !codec.has(id)),
  ];
}

/** Joins the whole package. @returns its chunks */
async function joinPackage(names, { peerDependencies }) {
  const { output } = await build({
    input: Object.fromEntries([
      ...names.map((name) => [name, source(name)]),
      ...Object.entries(PROGRAMS).map(([name, path]) => [name, source(path)]),
    ]),
    ...common,
    plugins: [markConstants],
    external: ["#wasm", ...Object.keys(peerDependencies)],
    preserveEntrySignatures: "allow-extension",
    output: {
      dir: lib,
      format: "esm",
      sourcemap: true,
      entryFileNames: "[name].js",
      chunkFileNames: "parts/[name].js",
      comments: { annotation: true, legal: false, jsdoc: false },
      minify,
      codeSplitting: { groups: groups(names), includeDependenciesRecursively: false },
    },
  });
  return output.filter(({ type }) => type === "chunk");
}

/** Joins the health check. Node starts CommonJS faster, and its own modules cost less there. */
async function joinHealthcheck() {
  // For one short page, compiling the engine costs 15 ms of CPU that it never saves.
  const withoutWasm = {
    name: "without-wasm",
    resolveId: (id) => (id === "#wasm" ? { id: "\0no-wasm" } : undefined),
    load: (id) =>
      id === "\0no-wasm"
        ? 'export function compile() { throw new Error("this command has no WebAssembly"); }'
        : undefined,
  };
  await build({
    input: source("cli/healthcheck-process"),
    ...common,
    plugins: [withoutWasm],
    output: {
      dir: join(lib, "healthcheck"),
      format: "cjs",
      entryFileNames: "[name].cjs",
      chunkFileNames: "healthcheck-process-[name].cjs",
      minify: true,
    },
  });
}

/**
 * Leaves in a source map what tells the line of a stack frame: the line of the
 * source that each line begins with. Its sources are found on GitHub, in the version that this is.
 */
function shortenMap(path, sourceRoot) {
  const map = readJson(path);
  const lines = decode(map.mappings).map((segments) => {
    const first = segments.find(([, index]) => index !== undefined);
    return first === undefined ? [] : [[0, first[1], first[2], 0]];
  });
  const sources = map.sources.map((each) => relative(root, join(dirname(path), each)));
  const short = { version: 3, sourceRoot, sources, names: [], mappings: encode(lines) };
  writeFileSync(path, JSON.stringify(short));
}

/** The licenses of the packages that were joined with ours. */
function writeLicenses(chunks) {
  const packages = new Set();
  for (const { moduleIds } of chunks) {
    for (const id of moduleIds) {
      const [, folder] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id) ?? [];
      if (folder !== undefined) packages.add(folder);
    }
  }
  const texts = [...packages].sort().map((folder) => {
    const { name, version } = readJson(join(folder, "package.json"));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${name} has no license`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  const title = "This package holds code of the packages below.\n";
  writeFileSync(join(lib, "LICENSES.txt"), [title, ...texts].join(`\n${"-".repeat(72)}\n\n`));
}

/** Copies the declarations that a door reaches. */
function copyTypes(names) {
  // A set is read to its end, also what is added meanwhile.
  const files = new Set(names.map((name) => `${name}.d.ts`));
  for (const file of files) {
    const text = readFileSync(join(root, "dist", file), "utf8");
    mkdirSync(dirname(join(lib, "types", file)), { recursive: true });
    writeFileSync(join(lib, "types", file), text);
    for (const [, specifier] of text.matchAll(/(?:from|import\() ?"(\.[^"]+)\.js"/g)) {
      files.add(join(dirname(file), `${specifier}.d.ts`));
    }
  }
}

/** Makes lib/ from src/ and from what is made in dist/. */
export async function joinModules() {
  const manifest = readJson(join(root, "package.json"));
  const names = doors(manifest);
  rmSync(lib, { recursive: true, force: true });
  mkdirSync(join(lib, "wasm"), { recursive: true });
  for (const file of ["codec.wasm", "wasm/inline.js", "wasm/workerd.js"]) {
    copyFileSync(join(root, "dist", file), join(lib, file));
  }
  const chunks = await joinPackage(names, manifest);
  await joinHealthcheck();
  writeLicenses(chunks);
  const [, repository] = /github\.com\/([^#]+?)(?:\.git)?$/.exec(manifest.repository.url);
  const sourceRoot = `https://raw.githubusercontent.com/${repository}/v${manifest.version}/`;
  for (const { sourcemapFileName } of chunks) {
    // A door that re-exports and does nothing else has none.
    if (sourcemapFileName !== null) shortenMap(join(lib, sourcemapFileName), sourceRoot);
  }
  copyTypes(names);
}
