// A server of this package. Arguments: the address that it listens on, the application's file, and
// for a pool of two workers its mode: `shared` or `delegate`.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../lib/packages.mjs";

const [listen, application, mode] = process.argv.slice(2);
const url = new URL(application, import.meta.url);
const { serve, startPool } = await import(pathToFileURL(join(root, "dist", "server.js")).href);
if (mode === undefined) await serve((await import(url.href)).default, { listen });
else await startPool({ application: url, listen, mode, maxChildren: 2, log() {} });
process.on("disconnect", () => process.exit());
process.send("ready");
