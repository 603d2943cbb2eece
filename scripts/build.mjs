// Builds dist/: the WebAssembly module, the two ways to load it, and the compiled TypeScript, a file for
// each module, as tests and benchmarks use them; and lib/, which is published (scripts/join.mjs).
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { joinModules } from "./join.mjs";

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
const tsc = (...options) => run("typescript", "tsc", "--project", "tsconfig.json", ...options);
tsc("--emitDeclarationOnly");
tsc("--declaration", "false", "--removeComments");
await writePage();
await joinModules();
