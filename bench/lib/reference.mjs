import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./packages.mjs";

/**
 * Compiles the C client.
 *
 * @returns its path; undefined where there is no C compiler, or no epoll
 */
export function compileReference() {
  return compile("scrape", []);
}

/**
 * Compiles the C responder.
 *
 * @returns its path; undefined where there is no C compiler, or no libfcgi (libfcgi-dev)
 */
export function compileResponder() {
  return compile("responder", ["-lfcgi"]);
}

function compile(name, libraries) {
  const program = join(root, "build", "bench", `${name}-reference`);
  mkdirSync(join(root, "build", "bench"), { recursive: true });
  const source = join(root, "bench", "reference", `${name}.c`);
  const args = ["-O2", "-Wall", "-D_GNU_SOURCE", "-o", program, source, ...libraries];
  const { status, stderr, error } = spawnSync("cc", args, { encoding: "utf8" });
  if (status === 0) return program;
  process.stderr.write(`  without ${name}.c: ${error?.message ?? stderr.trim()}\n`);
  return undefined;
}
