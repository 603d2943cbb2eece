// The program of the single executable, from which scripts/build-executable.mjs makes it: a command,
// or a worker of a pool, which the executable starts itself.
import { basename } from "node:path";
import { MODULE_ARGUMENT } from "../src/transport/executable.js";

const args = process.argv.slice(2);
// A link with the name of the other command runs that.
const isManager = basename(process.argv0) === "apache-manager";

if (args[0] === `${MODULE_ARGUMENT}worker-main`) void import("../src/pool/worker-main.js");
else void run();

async function run() {
  if (isManager) {
    const { apacheManager } = await import("../src/apache-manager/apache-manager.js");
    process.exitCode = await apacheManager(args);
  } else {
    const { fcgiProbe } = await import("../src/cli/main.js");
    process.exitCode = await fcgiProbe(args);
  }
}
