import { setTimeout as sleep } from "node:timers/promises";
import { fetchWorkerPage } from "../../src/apache/fetch/fetch-status.js";
import type { Apache } from "../harness/apache.js";

/**
 * Sends a request that hangs until httpd ends, and waits until the page shows it for two seconds.
 *
 * @returns the pid that the page has for its worker
 */
export async function hang(apache: Apache, script = "sleep.sh?60"): Promise<number> {
  fetch(`${apache.url}/cgi/${script}`).catch(() => {});
  for (let attempt = 0; attempt < 100; attempt++) {
    const { rows } = await fetchWorkerPage(`${apache.url}/server-status`);
    const row = rows.find(({ request, mode }) => mode === "W" && request?.includes(script));
    if ((row?.secondsSinceRequest ?? 0) >= 2 && row?.pid !== undefined) return row.pid;
    await sleep(100);
  }
  throw new Error(`no worker hangs on ${script}`);
}
