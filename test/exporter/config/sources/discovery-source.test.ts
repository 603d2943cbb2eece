import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { discoverInThread } from "../../../../dist/discovery/start-watch-thread.js";
import { discoverySource } from "../../../../src/exporter/config/sources/discovery-source.js";
import { watchConfiguration } from "../../../../src/exporter/config/watch-configuration.js";
import type { ExporterSettings } from "../../../../src/exporter/settings.js";
import { silent, startFakeServer } from "../../../harness/fake-server.js";
import { startPhpFpm } from "../../../harness/php-fpm.js";
import { until } from "../../../harness/server-process.js";

const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-discovery-"));

async function follow(text: string) {
  const seen: ExporterSettings[] = [];
  const watched = await watchConfiguration(
    { text },
    { onSettings: (settings) => seen.push(settings) },
  );
  onTestFinished(() => {
    watched.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    watched,
    addresses: () =>
      seen
        .at(-1)
        ?.targets.map(({ address }) => address)
        .sort(),
  };
}

it("finds the sockets of a glob, and notices when they come and go", async () => {
  await using server = await startPhpFpm({
    pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
  });
  const www = `unix:${server.pool("www").bareAddress}`;
  const { addresses } = await follow(`discover: { sockets: ["${server.folder}/*.sock"] }`);
  expect(addresses()).toEqual([www]);
  await server.stop();
  await until(
    () => addresses()?.length === 0,
    () => `there is still ${addresses()}`,
  );
});

it("reads every address of a name; a name that is wrong is a problem of the source", async () => {
  await using server = await startFakeServer(silent, { listen: "tcp" });
  const { port } = server.endpoint as { port: number };
  const { watched, addresses } = await follow(
    `discover: { dns: ["127.0.0.1:${port}/status", "none.invalid:${port}/status"] }`,
  );
  expect(addresses()).toEqual([`127.0.0.1:${port}/status`]);
  expect(watched.sources()).toEqual([{ name: "discovery", targets: 1, ok: false }]);
  expect(server.accepted).toBe(0);
});

const machine = { phpFpm: false, apache: false, names: [], interval: 30_000 };
const { signal } = new AbortController();

it("discovers in a thread where it has taken long in this one", async () => {
  const asked: string[] = [];
  const found = { targets: [], problems: [], folders: [] };
  let work = 5;
  let clock = 0;
  const here = async () => {
    asked.push("here");
    clock += work;
    return found;
  };
  const inThread = async () => {
    asked.push("in a thread");
    return found;
  };
  const source = discoverySource(
    { ...machine, sockets: [] },
    {
      ...{ here, inThread },
      worked: () => clock,
    },
  );
  await source.read(signal);
  work = 100;
  await source.read(signal);
  await source.read(signal);
  expect(asked).toEqual(["here", "here", "in a thread"]);
});

it("discovers the same in a thread", async () => {
  await using server = await startPhpFpm({
    pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
  });
  const options = { ...machine, sockets: [`${server.folder}/*.sock`], signal };
  const found = await discoverInThread(options);
  expect(found.targets).toMatchObject([{ address: `unix:${server.pool("www").bareAddress}` }]);
  expect(found.folders).toEqual([server.folder]);
  await expect(discoverInThread({ ...options, signal: AbortSignal.abort() })).rejects.toThrow(
    "aborted",
  );
});
