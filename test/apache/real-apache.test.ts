import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { discoverHttpd } from "../../src/apache/configuration/discover.js";
import { fetchServerStatusPage } from "../../src/apache/fetch/fetch-status.js";
import { parseServerStatus } from "../../src/apache/page/text-page.js";
import { chooseServer, findServers } from "../../src/apache/processes/apache-servers.js";
import { killWorkers } from "../../src/apache/workers/kill.js";
import { type Apache, findModule, type Mpm, startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";
import { childrenOf } from "../harness/processes.js";
import { hang, isAlive, read, serverOf, sourceOf, table, workersWith } from "./real-apache.js";

for (const mpm of ["prefork", "worker", "event"] as const satisfies readonly Mpm[]) {
  describeWith(["apache2"], `a real httpd with ${mpm}`, () => {
    let apache: Apache;
    beforeAll(async () => {
      apache = await startApache({ mpm });
    });
    afterAll(() => apache.stop());

    it("has a text page that is read", async () => {
      const status = await sourceOf(apache).status();
      expect(status).toMatchObject({
        serverName: "127.0.0.1",
        serverMpm: mpm,
        configGeneration: 1,
        warnings: [],
        other: [],
      });
      expect(status.serverVersion).toMatch(/^Apache\/2\./);
      expect(status.scoreboard?.slots).toBe(mpm === "prefork" ? 8 : 24);
      expect(status.busyWorkers).toBeGreaterThanOrEqual(1);
      expect(status.processes).toBe(mpm === "event" ? 2 : undefined);
    });

    it("S1.49 S1.61 S1.64 has the workers that its page names, and no others", async () => {
      // A child that has just been started is not on the scoreboard yet.
      for (let attempt = 0; attempt < 50; attempt++) {
        if ((await sourceOf(apache).status()).idleWorkers === (mpm === "prefork" ? 4 : 15)) break;
        await sleep(40);
      }
      const workers = await read(apache);
      const children = new Set(serverOf(apache).children.map(({ pid }) => pid));
      const known = new Set(workers.map(({ process }) => process?.pid));
      expect([...children].filter((pid) => !known.has(pid))).toEqual([]);
      const helpers = workers.filter(({ kind }) => kind === "helper");
      expect(
        helpers.every(({ activity, row }) => activity === "unknown" && row === undefined),
      ).toBe(true);
      // Event names all of its workers. Only the daemon of mod_cgid remains.
      if (mpm === "event") expect(helpers).toHaveLength(1);
      const natives = workers.filter(({ kind }) => kind === "native");
      const processes = new Set(natives.map(({ process }) => process?.pid));
      expect(processes.size + helpers.length).toBe(children.size);
      expect(natives.every(({ process }) => (process?.rss ?? 0) > 100_000)).toBe(true);
    });

    it("S1.61 is found as the master, although a test has started it", () => {
      const server = serverOf(apache);
      expect(server.master.pid).toBe(apache.pid);
      const pids = childrenOf(apache.pid).sort((one, other) => one - other);
      expect(server.children.map(({ pid }) => pid)).toEqual(pids);
    });

    it("is found by its workers too", async () => {
      const { rows } = await sourceOf(apache).workers();
      const workerPids = new Set(rows.flatMap(({ pid }) => pid ?? []));
      expect(chooseServer(findServers(table), table, { workerPids })?.master.pid).toBe(apache.pid);
    });

    it("is discovered by its configuration", () => {
      const found = discoverHttpd({ file: apache.configuration });
      expect(found.listeners.map(({ url }) => url)).toEqual([apache.url]);
      expect(found.statusUrl).toBe(`${apache.url}/server-status`);
      expect(found.pidFile).toBe(apache.pidFile);
    });

    it("shows who is busy under load", async () => {
      const requests = hang(apache, 3, 1);
      const workers = await workersWith(apache, "/cgi/sleep.sh?1", 3);
      expect(workers).toHaveLength(3);
      expect(workers.every(({ row }) => row?.mode === "W")).toBe(true);
      const status = await sourceOf(apache).status();
      expect(status.busyWorkers).toBeGreaterThanOrEqual(4);
      expect(await Promise.all(requests)).toEqual(["slept\n", "slept\n", "slept\n"]);
    });

    it("is read through a graceful restart", async () => {
      let pages = 0;
      let isOver = false;
      const reading = (async () => {
        while (!isOver) {
          const { page } = await fetchServerStatusPage(`${apache.url}/server-status?auto`);
          expect(parseServerStatus(page).warnings).toEqual([]);
          await read(apache);
          pages++;
        }
      })();
      const requests = hang(apache, 2, 0.3);
      await apache.reload();
      await Promise.all(requests);
      isOver = true;
      await reading;
      expect(pages).toBeGreaterThan(0);
      expect((await sourceOf(apache).status()).configGeneration).toBe(2);
    });
  });
}

describeWith(["apache2"], "a real httpd with ExtendedStatus Off", () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache({ mpm: "event", extendedStatus: false });
  });
  afterAll(() => apache.stop());

  it("S1.33 has an uptime and no totals", async () => {
    const status = await sourceOf(apache).status();
    expect(status.uptime).toBeGreaterThanOrEqual(0);
    expect(status.totalAccesses).toBeUndefined();
  });

  it("S1.50 says why it lists no workers", async () => {
    await expect(sourceOf(apache).workers()).rejects.toMatchObject({
      code: "not_a_status_page",
      hint: expect.stringContaining("ExtendedStatus On"),
    });
  });
});

const withWsgi = findModule("mod_wsgi") === undefined ? [] : (["apache2"] as const);
if (withWsgi.length > 0) {
  describeWith(withWsgi, "a real httpd with daemons of mod_wsgi", () => {
    let apache: Apache;
    beforeAll(async () => {
      apache = await startApache({ mpm: "prefork", wsgiGroups: ["small", "hog"] });
    });
    afterAll(() => apache.stop());

    it("S1.62 S1.64 distinguishes daemons from workers by their titles", async () => {
      const workers = await read(apache);
      const groups = workers.filter(({ kind }) => kind === "wsgi").map(({ group }) => group);
      expect(groups.sort()).toEqual(["hog", "small"]);
      const helpers = workers.filter(({ kind }) => kind === "helper");
      expect(helpers.every(({ process }) => process?.title?.startsWith("(wsgi") === false)).toBe(
        true,
      );
    });

    it("S1.70 kills the daemon that uses too much memory", async () => {
      const limit = 60_000_000;
      for (const [group, megabytes] of [
        ["hog", 100],
        ["small", 1],
      ]) {
        const response = await fetch(`${apache.url}/wsgi/${group}?${megabytes}`);
        expect(await response.text()).toBe("ok");
      }
      const workers = await read(apache);
      const hog = workers.find(({ group }) => group === "hog");
      expect(hog?.process?.rss).toBeGreaterThan(limit);
      const messages: string[] = [];
      const result = await killWorkers(workers, serverOf(apache), table, {
        maxMemoryActive: limit,
        onMessage: (message) => messages.push(message),
      });
      expect(result.killed).toEqual([hog?.pid]);
      expect(messages[0]).toMatch(
        /^Killing WSGI worker \d+ \(hog\) \(active\) using 1\d\d(\.\d+)? MB \(last request unknown\) \.\.$/,
      );
      expect(isAlive(hog?.pid)).toBe(false);
    });
  });
}
