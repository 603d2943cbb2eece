// Where each runtime's program is, and how it runs what is tested.
import { join } from "node:path";
import { here } from "./project.mjs";

const module = (...path) => join(here, "node_modules", ...path);
const programs = {
  bun: module("@oven", "bun-linux-x64", "bin", "bun"),
  deno: module("@deno", "linux-x64-glibc", "deno"),
  workerd: module("@cloudflare", "workerd-linux-64", "bin", "workerd"),
};

/** Deno's permissions for sockets: it asks for both with the path of a unix socket. */
const DENO = ["run", "--no-prompt", "--no-remote"];
const SOCKETS = ["--allow-net", "--allow-read", "--allow-write"];

const major = (version) => version.slice(0, version.indexOf("."));
const nodes = [
  { name: `Node ${major(process.versions.node)}`, program: process.execPath },
  ...["22", "24", "26"].map((version) => ({
    name: `Node ${version}`,
    program: module(`node${version}`, "bin", "node"),
  })),
];

/** Bundles an entry of the project with esbuild, which resolves the package as its users' would. */
const bundler = (esbuild, options) => (folder) =>
  esbuild.buildSync({
    absWorkingDir: folder,
    bundle: true,
    format: "esm",
    logLevel: "silent",
    ...options,
  });

/**
 * What is run, in this order. `runtime` is a column of docs/runtimes.md; runs without it only test.
 * Those from npm are the programs of their platform packages, so that no install script has to run.
 */
export async function runs(esbuild, world) {
  const all = [];
  for (const { name, program } of nodes) {
    all.push({ name, runtime: name, program, args: ["main.mjs"] });
    all.push({ name: `${name}, sockets`, runtime: name, program, args: ["edge-main.mjs"] });
  }
  all.push(
    // No permission to read the environment: the codec asks for none.
    { name: "Deno", runtime: "Deno", program: programs.deno, args: [...DENO, "main.mjs"] },
    {
      name: "Deno, sockets",
      runtime: "Deno",
      program: programs.deno,
      args: [...DENO, ...SOCKETS, "edge-main.mjs"],
    },
    { name: "Bun", runtime: "Bun", program: programs.bun, args: ["run", "main.mjs"] },
    { name: "Bun, sockets", runtime: "Bun", program: programs.bun, args: ["run", "edge-main.mjs"] },
    {
      name: "workerd",
      runtime: "workerd",
      program: programs.workerd,
      prepare: bundler(esbuild, {
        entryPoints: ["worker.mjs"],
        outdir: ".",
        conditions: ["workerd"],
        external: ["cloudflare:*"],
        loader: { ".wasm": "copy" },
        assetNames: "[name]",
      }),
      args: ["test", "workerd.capnp", `--external-addr=php-fpm=unix:${world.socket}`],
    },
    {
      name: "a bundle for browsers",
      runtime: "browsers",
      program: process.execPath,
      prepare: bundler(esbuild, {
        entryPoints: ["main.mjs"],
        outfile: "browser.mjs",
        platform: "browser",
      }),
      args: ["browser.mjs"],
    },
    {
      name: "require() of Node",
      program: process.execPath,
      args: [
        "--no-warnings",
        "--eval",
        'require("fcgi-probe/codec"); import("./main.mjs").catch(() => process.exit(1));',
      ],
    },
    {
      // The codec alone: Node's own Request and Response need WebAssembly.
      name: "Node without WebAssembly (--jitless)",
      engine: "typescript",
      program: process.execPath,
      args: ["--jitless", "--no-warnings", "codec-main.mjs"],
    },
  );
  return all;
}

/** How each runtime runs a server. */
export const servers = [
  { runtime: nodes[0].name, program: nodes[0].program, args: [] },
  { runtime: "Deno", program: programs.deno, args: [...DENO, ...SOCKETS] },
  { runtime: "Bun", program: programs.bun, args: ["run"] },
];

export { DENO, nodes, programs, SOCKETS };
