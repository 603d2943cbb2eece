// How each bundler joins the programs of doors/ with the package, as its documentation has it.
import { join } from "node:path";
import * as esbuild from "esbuild";
import * as rolldown from "rolldown";
import * as vite from "vite";
import webpack from "webpack";

/** Programs for Node, one for each door, and one for a bundle that is not beside the package. */
export const PROGRAMS = [
  ...["index", "server", "codec", "describe", "edge", "apache", "exporter"],
  "incomplete",
];
/** Those that run in a browser, too. */
const BROWSER_PROGRAMS = ["codec", "describe", "edge"];

const entriesOf = (folder, programs) =>
  Object.fromEntries(programs.map((name) => [name, join(folder, `${name}.mjs`)]));

const namesWith = (extension) => ({
  entryFileNames: `[name]${extension}`,
  chunkFileNames: `[name]-[hash]${extension}`,
});

async function withEsbuild(entryPoints, outdir, options) {
  const { warnings } = await esbuild.build({
    ...{ entryPoints, outdir, bundle: true, logLevel: "silent" },
    ...options,
  });
  return warnings.map(({ text }) => text);
}

async function withRolldown(input, dir, format, extension) {
  const warnings = [];
  await rolldown.build({
    input,
    platform: "node",
    onLog: (level, { message }) => level === "warn" && warnings.push(message),
    output: { dir, format, ...namesWith(extension) },
  });
  return warnings;
}

async function withVite(root, input, outDir, options) {
  const warnings = [];
  const warn = (message) => warnings.push(message);
  const quiet = { info() {}, clearScreen() {}, error: warn, warn, warnOnce: warn };
  const { output, ...rest } = options;
  await vite.build({
    ...{ root, configFile: false, logLevel: "warn", ...rest },
    customLogger: { ...quiet, hasWarned: false, hasErrorLogged: () => false },
    build: {
      ...{ ssr: rest.ssr !== undefined, outDir, emptyOutDir: true },
      rolldownOptions: { input, output },
    },
  });
  return warnings;
}

function withWebpack(context, entry, path, options) {
  const compiler = webpack({
    context,
    mode: "production",
    optimization: { minimize: false },
    entry,
    ...options,
    output: { path, ...options.output },
  });
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      const { errors, warnings } =
        stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
      compiler.close(() => {
        if (error ?? errors?.length) reject(error ?? new Error(errors[0].message));
        else resolve(warnings.map(({ message }) => message));
      });
    });
  });
}

/** Each bundle: what makes it, and the extension of its programs. `build` returns its warnings. */
export const BUNDLES = [
  ...["cjs", "esm"].map((format) => ({
    name: `esbuild, ${format}`,
    extension: format === "cjs" ? ".cjs" : ".mjs",
    build: (folder, out, extension) =>
      withEsbuild(entriesOf(folder, PROGRAMS), out, {
        ...{ platform: "node", format, outExtension: { ".js": extension } },
      }),
  })),
  ...["cjs", "esm"].map((format) => ({
    name: `rolldown, ${format}`,
    extension: format === "cjs" ? ".cjs" : ".mjs",
    build: (folder, out, extension) =>
      withRolldown(entriesOf(folder, PROGRAMS), out, format, extension),
  })),
  {
    name: "vite for servers, cjs",
    extension: ".cjs",
    build: (folder, out, extension) =>
      withVite(folder, entriesOf(folder, PROGRAMS), out, {
        ssr: { noExternal: true },
        output: { format: "cjs", ...namesWith(extension) },
      }),
  },
  {
    name: "webpack for Node, cjs",
    extension: ".cjs",
    build: (folder, out, extension) =>
      withWebpack(folder, entriesOf(folder, PROGRAMS), out, {
        target: "node20",
        output: { filename: `[name]${extension}`, library: { type: "commonjs2" } },
      }),
  },
  {
    name: "vite for browsers",
    extension: ".mjs",
    programs: BROWSER_PROGRAMS,
    build: (folder, out, extension) =>
      withVite(folder, entriesOf(folder, BROWSER_PROGRAMS), out, {
        output: { entryFileNames: `[name]${extension}` },
      }),
  },
  {
    name: "webpack for browsers",
    extension: ".cjs",
    programs: BROWSER_PROGRAMS,
    build: (folder, out, extension) =>
      withWebpack(folder, entriesOf(folder, BROWSER_PROGRAMS), out, {
        target: ["web", "es2022"],
        output: { filename: `[name]${extension}` },
      }),
  },
];
