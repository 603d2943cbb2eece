#!/usr/bin/env node
// CommonJS, which Node starts faster: a health check runs every few seconds.
const { statSync } = require("node:fs");
const nodeModule = require("node:module");
const { join } = require("node:path");

/**
 * Keeps compiled code in `$XDG_CACHE_HOME/fcgi-probe` or `~/.cache/fcgi-probe`, where Node can do so
 * (22.1 and later). Node trusts what it finds there. So a folder that belongs to another user, as after
 * `sudo`, is not used, nor is one below /tmp, which is Node's default.
 */
function useCompileCache() {
  const { XDG_CACHE_HOME: cache, HOME: home, NODE_COMPILE_CACHE: given } = process.env;
  if (nodeModule.enableCompileCache === undefined || given !== undefined) return;
  const base = cache || home;
  if (!base?.startsWith("/")) return;
  try {
    if (statSync(base).uid !== process.getuid?.()) return;
  } catch {
    return;
  }
  nodeModule.enableCompileCache(
    cache ? join(cache, "fcgi-probe") : join(base, ".cache", "fcgi-probe"),
  );
}

async function run([command, ...rest]) {
  if (command === "healthcheck") {
    return require("../lib/healthcheck/healthcheck-process.cjs").fcgiProbeHealthcheck(rest);
  }
  // A signal to reload comes too early here, and must not end them: they read their files later.
  if (/^(?:exporter|server|serve)$/.test(command)) process.on("SIGHUP", () => {});
  const { fcgiProbe } = await import("../lib/fcgi-probe.js");
  return fcgiProbe(process.argv.slice(2));
}

useCompileCache();
run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    // The command's own files could not be read: too few descriptors, a broken installation.
    process.stderr.write(`fcgi-probe: could not start: ${error.message.split("\n")[0]}\n`);
    process.exitCode = 2;
  },
);
