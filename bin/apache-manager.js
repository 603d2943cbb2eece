#!/usr/bin/env node
async function run() {
  const { apacheManager } = await import("../lib/apache-manager.js");
  return apacheManager(process.argv.slice(2));
}

run().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    // The command's own files could not be read: too few descriptors, a broken installation.
    process.stderr.write(`apache-manager: could not start: ${error.message.split("\n")[0]}\n`);
    process.exitCode = 1;
  },
);
