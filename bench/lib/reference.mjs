import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./package.mjs";

/**
 * Compiles the C client of the scrape suite.
 *
 * @returns its path; undefined where there is no C compiler, or no epoll
 */
export function compileScrape() {
  return compile("scrape-client", ["loop", "system"]);
}

/**
 * Compiles the C client that loads the servers of the serve suite.
 *
 * @returns its path; undefined where there is no C compiler, or no epoll
 */
export function compileLoad() {
  return compile("load-client", ["loop", "system"]);
}

/**
 * Compiles the C client that sends and takes long bodies.
 *
 * @returns its path; undefined where there is no C compiler
 */
export function compileTransfer() {
  return compile("stream-client", ["system"]);
}

/**
 * Compiles the C responder.
 *
 * @returns its path; undefined where there is no C compiler, or no libfcgi (libfcgi-dev)
 */
export function compileResponder() {
  return compile("libfcgi-responder", [], ["-lfcgi"]);
}

/**
 * Compiles the C peer that answers every request with the same page.
 *
 * @returns its path; undefined where there is no C compiler, or no epoll
 */
export function compileStatusPeer() {
  return compile("status-peer", ["system"]);
}

/**
 * Compiles the Go client of the scrape suite.
 *
 * @returns its path; undefined where there is no Go
 */
export function compileGoScrape() {
  const program = join(root, "build", "bench", "scrape-client-go");
  const source = join(root, "bench", "reference", "scrape-client.go");
  const { status, stderr, error } = spawnSync("go", ["build", "-o", program, source], {
    encoding: "utf8",
  });
  if (status === 0) return program;
  process.stderr.write(`  without scrape-client.go: ${error?.message ?? stderr.trim()}\n`);
  return undefined;
}

function compile(name, others, libraries = []) {
  const folder = join(root, "build", "bench");
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `${name}`);
  const sources = [name, ...others].map((file) => join(root, "bench", "reference", `${file}.c`));
  const args = ["-O2", "-Wall", "-D_GNU_SOURCE", "-o", program, ...sources, ...libraries];
  const { status, stderr, error } = spawnSync("cc", args, { encoding: "utf8" });
  if (status === 0) return program;
  process.stderr.write(`  without ${name}.c: ${error?.message ?? stderr.trim()}\n`);
  return undefined;
}
