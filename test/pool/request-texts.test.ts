import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { status } from "../../src/phpfpm/status.js";
import { Peer } from "../harness/peer.js";
import { freePort } from "../harness/ports.js";
import { makeFolder } from "../harness/server-process.js";
import { type Master, startMaster, writeApplication } from "./master.js";

/** A path with an accent and an emoji in UTF-8, an invalid byte, and a terminal's CSI. */
const path = "/caf%C3%A9-%F0%9F%98%80-%FF-%C2%9B2J";
const shown = "/café-😀-%FF-%C2%9B2J";

const sleeping = `export default async (request) => {
  await new Promise((resolve) => setTimeout(resolve, 700));
  return new Response("1 slept");
};`;

/** Starts a pool of HTTP whose handler sleeps, and sends it a request. */
async function serveOne(args: readonly string[], act: (master: Master) => Promise<void>) {
  const listen = `http://127.0.0.1:${await freePort()}`;
  const statusListen = `127.0.0.1:${await freePort()}`;
  const folder = makeFolder();
  const application = writeApplication(folder, sleeping);
  const all = ["--workers", "1", "--status-listen", statusListen, ...args];
  await using master = await startMaster(all, { listen, application });
  const peer = new Peer(master.address).send(
    `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
  );
  await peer.closed();
  await act(Object.assign(master, { address: statusListen }));
  rmSync(folder, { recursive: true });
}

describe("the texts of a request", () => {
  it("are encoded once, in UTF-8, on the status page of a pool of HTTP", async () => {
    await serveOne([], async (master) => {
      for (const format of ["text", "json", "xml"] as const) {
        const pool = await status(`${master.address}/status`, { format, full: true });
        expect(pool.processes?.[0]?.requestUri).toBe(shown);
      }
    });
  });

  it("are encoded once, in UTF-8, in the slow log", async () => {
    await serveOne(["--slowlog-timeout", "300ms", "--slowlog", "slow.log"], async (master) => {
      const log = readFileSync(join(master.folder, "slow.log"), "utf8");
      expect(log).toContain(`\nrequest = GET ${shown}\n`);
    });
  });

  it("are encoded once, in UTF-8, in the log's line about a killed worker", async () => {
    await serveOne(["--terminate-timeout", "300ms"], async (master) => {
      await master.logged("terminating");
      expect(master.log).toContain(`(request: "GET ${shown}") execution timed out`);
    });
  });
});
