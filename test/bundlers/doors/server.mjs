// The workers of a pool and the thread of its slow log run modules of the installed package.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayFetch } from "fcgi-probe";
import { serve, startPool } from "fcgi-probe/server";
import { equal } from "../../runtimes/expect.mjs";

const [, , application] = process.argv;

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
  const listen = `unix:${join(folder, "x.sock")}`;
  const request = new Request("http://localhost/");
  const server = await serve(() => new Response("served"), { listen });
  equal(await (await gatewayFetch(listen, request)).text(), "served");
  await server.close();
  const log = join(folder, "log");
  const slow = { requestTerminateTimeout: 10_000 };
  const pool = await startPool({ application, listen, maxChildren: 1, log, ...slow });
  equal(await (await gatewayFetch(listen, request)).text(), "a worker served");
  await pool.stop();
  rmSync(folder, { recursive: true });
}
void main();
