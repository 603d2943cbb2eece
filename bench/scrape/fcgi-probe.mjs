import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../lib/package.mjs";

export async function createScrape(socket) {
  const { status } = await import(pathToFileURL(join(root, "dist", "index.js")).href);
  const target = `unix:${socket}:/status`;
  const options = { timeout: 5000, retries: 0 };
  return async () => {
    const { acceptedConn } = await status(target, options);
    if (!(acceptedConn > 0)) throw new Error("no status page");
  };
}
