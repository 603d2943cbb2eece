#!/usr/bin/env node
try {
  const { fcgiProbe } = await import("../dist/cli/main.js");
  process.exitCode = await fcgiProbe(process.argv.slice(2));
} catch (error) {
  // The command's own files could not be read: too few descriptors, a broken installation.
  process.stderr.write(`fcgi-probe: could not start: ${error.message.split("\n")[0]}\n`);
  process.exitCode = 2;
}
