import { readFileSync } from "node:fs";
import nodeModule from "node:module";
import { basename, dirname, join } from "node:path";
import { version } from "#version";
import { ErrorCode, GatewayError } from "../errors.js";

/** The modules that run in a thread or a process of their own, by their path below `src/`. */
export type OwnModule =
  | "pool/worker-main"
  | "pool/slow-log-thread"
  | "phpfpm/status-thread"
  | "discovery/watch-thread"
  | "web/bcrypt-worker";

let folder: string | undefined;

/**
 * The path of a module that is started by its file. A bundle has no such file: it is taken from the
 * installed package.
 *
 * @throws GatewayError `incomplete_bundle` if the package is not installed where the program is, or
 * in another version
 */
export function moduleFile(module: OwnModule): string {
  folder ??= findFolder();
  return join(folder, "lib", `${basename(module)}.js`);
}

/** The folder of this package, as this code finds it, or else the program that it is bundled into. */
function findFolder(): string {
  const bundle = typeof __filename === "string" ? __filename : undefined;
  // A bundle in CommonJS may have no `import.meta.url`.
  const places = [import.meta.url as string | undefined, bundle, process.argv[1]];
  for (const place of places) {
    const manifest = place === undefined ? undefined : resolveManifest(place);
    if (manifest === undefined) continue;
    const found = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    if (found.version === version) return dirname(manifest);
    throw incomplete(`the program holds ${version}, and ${found.version} is installed`);
  }
  throw incomplete("the program is a bundle without them");
}

function resolveManifest(place: string): string | undefined {
  try {
    // webpack follows a `createRequire` that is imported by name, and gives the number of a module.
    return nodeModule.createRequire(place).resolve("fcgi-probe/package.json");
  } catch {
    return undefined;
  }
}

function incomplete(why: string): GatewayError {
  return new GatewayError(
    ErrorCode.IncompleteBundle,
    `cannot start fcgi-probe's own threads and processes: ${why}`,
    { hint: `npm install fcgi-probe@${version} beside the bundle, or mark it as external` },
  );
}
