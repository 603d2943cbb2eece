// A server of this package. Arguments: the address to listen on, the application's file, and for a
// pool its mode (`shared` or `delegate`), the requests that a worker runs at once, and the number
// of workers.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../lib/package.mjs";

const [listen, application, mode, concurrency = "1", workers = "2"] = process.argv.slice(2);
const url = new URL(application, import.meta.url);
const { serve, startPool } = await import(pathToFileURL(join(root, "dist", "server.js")).href);
// In a pool, `lazyFetch` is on by default.
if (mode === undefined) await serve((await import(url.href)).default, { listen, lazyFetch: true });
else {
  const pool = { application: url, listen, mode, concurrency: Number(concurrency) };
  await startPool({ ...pool, maxChildren: Number(workers), log() {} });
}
process.on("disconnect", () => process.exit());
process.send("ready");
