// Builds dist/: the WebAssembly module, the two ways to load it, and the compiled TypeScript.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

/** Runs a command of an installed package. */
function run(packageName, command, ...args) {
  const folder = join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const script = join(folder, bin[command]);
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

function write(path, text) {
  writeFileSync(join(dist, path), text);
}

const inline = (base64) => `// Made by scripts/build.mjs from assembly/.
const base64 =
  "${base64}";
let module;

export function compile() {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
  return module;
}
`;

const workerd = `// Made by scripts/build.mjs: workerd compiles modules that are imported, and no others.
import module from "../codec.wasm";

export function compile() {
  return module;
}
`;

const compileType = "export declare function compile(): WebAssembly.Module;\n";
const moduleType = "declare const module: WebAssembly.Module;\nexport default module;\n";

/**
 * Joins the modules of the commands into a few files. With a file for each module, a one-pool
 * status took 124 ms, of which Node's own start takes 61. Dependencies are not joined.
 */
async function joinCommands() {
  const joined = join(dist, "cli-joined");
  const common = {
    external: (id) => !/^[.\0]/.test(id) && !isAbsolute(id),
    platform: "node",
    tsconfig: false,
    transform: { target: "es2022" },
    logLevel: "warn",
  };
  await build({
    input: {
      main: join(dist, "cli", "main.js"),
      "manual-files": join(dist, "cli", "manual-files.js"),
      "apache-manager/apache-manager": join(dist, "apache-manager", "apache-manager.js"),
      // Files that commands start by name. They must be next to the code that names them.
      "worker-main": join(dist, "pool", "worker-main.js"),
      "slow-log-thread": join(dist, "pool", "slow-log-thread.js"),
      "status-thread": join(dist, "phpfpm", "status-thread.js"),
      "watch-thread": join(dist, "discovery", "watch-thread.js"),
      "bcrypt-worker": join(dist, "web", "bcrypt-worker.js"),
    },
    ...common,
    output: {
      dir: joined,
      format: "esm",
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js",
      // Without groups, a one-pool status loads 27 files instead of 12, and takes 5 % more CPU time.
      codeSplitting: {
        groups: [
          { name: "errors", test: /dist.errors\.js/, priority: 1 },
          // What every command needs, also `--version`.
          {
            name: "start",
            test: /dist.(?:cli.(?:io|exit-codes|terminal.(?:output|style|text))|exporter.package-version)\.js/,
            priority: 1,
          },
          {
            name: "pages",
            test: /dist.(?:status-page.(?!write)|fleet|phpfpm|engine.(?:line-reader|log-date))/,
            minShareCount: 2,
          },
          {
            name: "client",
            test: /dist.(?:client|transport|fastcgi|cgi|engine|address)/,
            minShareCount: 3,
          },
        ],
      },
    },
  });
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
    input: join(dist, "cli", "healthcheck-process.js"),
    ...common,
    plugins: [withoutWasm],
    output: {
      dir: joined,
      // Node starts CommonJS faster, and its own modules cost less there.
      format: "cjs",
      entryFileNames: "[name].cjs",
      chunkFileNames: "healthcheck-process-[name].cjs",
      minify: true,
    },
  });
  rmSync(join(dist, "cli"), { recursive: true });
  rmSync(join(dist, "apache-manager"), { recursive: true });
  renameSync(joined, join(dist, "cli"));
}

/** Makes the files of the exporter's page a module: they are found wherever the package runs. */
async function writePage() {
  const folder = join(root, "src", "exporter", "page", "browser");
  const { output } = await build({
    input: join(folder, "page.ts"),
    platform: "browser",
    tsconfig: false,
    transform: { target: "es2022" },
    logLevel: "warn",
    write: false,
    output: { format: "esm", comments: false },
  });
  const assets = { "page.js": output[0].code };
  for (const name of ["index.html", "page.css", "page.svg"]) {
    assets[name] = readFileSync(join(folder, name), "utf8");
  }
  mkdirSync(join(dist, "page"), { recursive: true });
  const json = JSON.stringify(assets);
  write("page/assets.js", `// Made by scripts/build.mjs.\nexport const pageAssets = ${json};\n`);
  write("page/assets.d.ts", "export declare const pageAssets: Readonly<Record<string, string>>;\n");
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "wasm"), { recursive: true });
run("assemblyscript", "asc", "--target", "release");
write("codec.wasm.d.ts", moduleType);
write("wasm/inline.js", inline(readFileSync(join(dist, "codec.wasm")).toString("base64")));
write("wasm/inline.d.ts", compileType);
write("wasm/workerd.js", workerd);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
write(
  "version.js",
  `// Made by scripts/build.mjs.\nexport const version = ${JSON.stringify(version)};\n`,
);
write("version.d.ts", "export declare const version: string;\n");
write("wasm/workerd.d.ts", compileType);
// Types carry the documentation; code without comments is a fifth smaller.
const tsc = (...options) => run("typescript", "tsc", "--project", "tsconfig.json", ...options);
tsc("--emitDeclarationOnly");
tsc("--declaration", "false", "--removeComments");
await writePage();
await joinCommands();
