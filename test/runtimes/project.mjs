// The project that the runtimes run in: the packed package, and what is tested.
import { copyFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installTools, makeProject } from "./packed-project.mjs";

export const here = dirname(fileURLToPath(import.meta.url));
export const root = dirname(dirname(here));

/** What the runtimes run, beside the package. */
const FILES = [
  "answer-of.mjs",
  "behaviours.mjs",
  "codec-main.mjs",
  "edge-behaviours.mjs",
  "edge-main.mjs",
  "edge-server.mjs",
  "expect.mjs",
  "main.mjs",
  "memory-behaviours.mjs",
  "php-fpm-answer.mjs",
  "run-behaviours.mjs",
  "sockets-bun.mjs",
  "sockets-deno.mjs",
  "sockets-node.mjs",
  "sockets.mjs",
  "worker.mjs",
  "workerd.capnp",
  "../matrix/application.mjs",
  "../../examples/bun-serve.ts",
  "../../examples/bun-streams.ts",
  "../../examples/deno-serve.ts",
];

export const installRuntimes = () => installTools(here, "the runtimes (750 MB)");

/** Packs the package, installs it in `folder`, and copies what is tested. */
export function makeRuntimesProject(folder) {
  makeProject(folder);
  for (const file of FILES) copyFileSync(join(here, file), join(folder, basename(file)));
}
