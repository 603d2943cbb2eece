#!/usr/bin/env node
import { useCompileCache } from "./compile-cache.js";

try {
  useCompileCache();
  const [command, ...rest] = process.argv.slice(2);
  if (command === "healthcheck") {
    const { fcgiProbeHealthcheck } = await import("../dist/cli/healthcheck-process.js");
    process.exitCode = await fcgiProbeHealthcheck(rest);
  } else {
    const { fcgiProbe } = await import("../dist/cli/main.js");
    process.exitCode = await fcgiProbe(process.argv.slice(2));
  }
} catch (error) {
  // The command's own files could not be read: too few descriptors, a broken installation.
  process.stderr.write(`fcgi-probe: could not start: ${error.message.split("\n")[0]}\n`);
  process.exitCode = 2;
}
