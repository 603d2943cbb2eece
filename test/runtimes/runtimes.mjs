// Where each runtime's program is, how it runs the behaviours, and which engine it has to choose.
import { join } from "node:path";

/** Bundles an entry of the project with esbuild, which resolves the package as its users' would. */
async function bundler(esbuild, options) {
  return (folder) =>
    esbuild.buildSync({
      absWorkingDir: folder,
      bundle: true,
      format: "esm",
      logLevel: "silent",
      ...options,
    });
}

/**
 * The runtimes, in the order in which they run. Those from npm are the programs of their platform
 * packages, so that no install script has to run.
 *
 * @param here the folder of this file
 */
export async function runtimes(here) {
  const esbuild = await import("esbuild");
  const module = (...path) => join(here, "node_modules", ...path);
  const node = process.execPath;
  const engine = "webassembly";
  return [
    { name: `Node ${process.versions.node}`, engine, program: node, args: ["main.mjs"] },
    {
      name: "Node 22",
      engine,
      program: module("node22", "bin", "node"),
      args: ["main.mjs"],
    },
    {
      name: "Node 24",
      engine,
      program: module("node24", "bin", "node"),
      args: ["main.mjs"],
    },
    {
      name: "Node 26",
      engine,
      program: module("node26", "bin", "node"),
      args: ["main.mjs"],
    },
    {
      // No permission to read the environment: the codec asks for none.
      name: "Deno",
      engine,
      program: module("@deno", "linux-x64-glibc", "deno"),
      args: ["run", "--no-prompt", "--no-remote", "main.mjs"],
    },
    {
      name: "Bun",
      engine,
      program: module("@oven", "bun-linux-x64", "bin", "bun"),
      args: ["run", "main.mjs"],
    },
    {
      name: "workerd",
      engine,
      program: module("@cloudflare", "workerd-linux-64", "bin", "workerd"),
      prepare: await bundler(esbuild, {
        entryPoints: ["worker.mjs"],
        outfile: undefined,
        outdir: ".",
        conditions: ["workerd"],
        loader: { ".wasm": "copy" },
        assetNames: "[name]",
      }),
      args: ["test", "workerd.capnp"],
    },
    {
      name: "a bundle for browsers",
      engine,
      program: node,
      prepare: await bundler(esbuild, {
        entryPoints: ["main.mjs"],
        outfile: "browser.mjs",
        platform: "browser",
      }),
      args: ["browser.mjs"],
    },
    {
      name: "require() of Node",
      engine,
      program: node,
      args: [
        "--no-warnings",
        "--eval",
        'require("fcgi-probe/codec"); import("./main.mjs").catch(() => process.exit(1));',
      ],
    },
    {
      name: "Node without WebAssembly (--jitless)",
      engine: "typescript",
      program: node,
      args: ["--jitless", "--no-warnings", "main.mjs"],
    },
  ];
}
