// What the doors for every runtime add to a Worker's bundle: minified by rolldown, and compressed by
// gzip. The WebAssembly module is a file of its own there. Elsewhere the bundle has it as base64.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

const lib = join(dirname(dirname(fileURLToPath(import.meta.url))), "lib");
const ENTRY = "\0entry";
const compressed = (bytes) => gzipSync(bytes, { level: 9 }).length;

/** Bundles, with the most bytes that each may have. */
const BUNDLES = [
  { name: "one encoder", from: "codec", imports: ["encodeRecord"], limit: 500 },
  { name: "codec", from: "codec", limit: 23_000 },
  {
    name: "edge, as a client",
    from: "edge",
    imports: ["gatewayFetchOver", "statusOver"],
    limit: 33_000,
  },
  { name: "edge, as a server", from: "edge", imports: ["serveOver"], limit: 33_000 },
  { name: "edge", from: "edge", limit: 50_000 },
];

async function sizeOf({ from, imports }) {
  const door = JSON.stringify(join(lib, `${from}.js`));
  const names = imports === undefined ? "*" : `{ ${imports.join(", ")} }`;
  const bundle = await rolldown({
    input: ENTRY,
    platform: "browser",
    external: /\.wasm$/,
    resolve: { conditionNames: ["workerd", "import"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? `export ${names} from ${door};` : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  return compressed(output[0].code);
}

/** @returns for each bundle its name, its size in bytes, and the most that it may have */
export async function bundleSizes() {
  const wasm = compressed(readFileSync(join(lib, "codec.wasm")));
  const sizes = [{ name: "WebAssembly", size: wasm, limit: 5_000 }];
  for (const bundle of BUNDLES) {
    const { name, limit } = bundle;
    sizes.push({ name, size: await sizeOf(bundle), limit });
  }
  return sizes;
}
