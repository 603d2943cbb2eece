import { connect, type Socket } from "node:net";
import { setTimeout as sleepFor } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { describeWith } from "../harness/describe-with.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, type Pool, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { Incident, styles } from "./incident.js";

const LIMIT_KNOWN =
  /^phpfpm_max_children\{[\s\S]*^phpfpm_up\{.*\} 1$|^phpfpm_up\{.*\} 1$[\s\S]*^phpfpm_max_children\{/m;

describeWith(["php-fpm", "promtool"], "the alerts of an incident", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const pool = { pm: "static", maxChildren: 2, listen: "unix" } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...pool, name: "slow", pm: "dynamic", statusListen: true, requestSlowlogTimeout: 1 },
        { ...pool, name: "silent", statusListen: true },
        { ...pool, name: "single", maxChildren: 1 },
      ],
    });
  });
  afterAll(() => fpm.stop());

  /** Opens connections that send nothing. */
  function open(pool: Pool, count: number): Socket[] {
    const sockets = Array.from({ length: count }, () => connect(pool.endpoint));
    for (const socket of sockets) socket.on("error", () => {});
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    return sockets;
  }

  /** Sends a request that takes some seconds, or ends with the pool. */
  async function sleep(pool: Pool, seconds: number): Promise<void> {
    const request = new Request(`http://localhost/sleep.php?ms=${1_000 * seconds}`);
    const options = { scriptFilename: phpScript("sleep.php"), timeout: 100_000 };
    await gatewayFetch(pool.bareAddress, request, options).catch(() => {});
  }

  async function expectAlerts(incident: Incident, isThere: RegExp, alerts: readonly string[]) {
    for (const style of styles) {
      expect(await incident.expectAlerts(style, isThere, alerts)).toMatch(/SUCCESS\s*$/);
    }
  }

  it("are none for an idle pool whose only worker serves the status", async () => {
    await using incident = await Incident.of(fpm.pool("single").address, LIMIT_KNOWN);
    await expectAlerts(incident, /^phpfpm_(?:active_processes|processes)\{.*\} 1$/m, []);
  }, 60_000);

  it("with silent clients: they wait beside idle workers, then give up", async () => {
    const pool = fpm.pool("silent");
    await using incident = await Incident.of(pool.address, LIMIT_KNOWN);
    open(pool, 2);
    const waiting = open(pool, 3);
    await expectAlerts(incident, /^phpfpm_(?:accept|listen)_queue(?:_connections)?\{.*\} 3$/m, [
      "PhpFpmSilentClients",
    ]);
    for (const socket of waiting) socket.destroy();
    await expectAlerts(incident, /_abandoned(?:_connections)?\{.*\} 3$/m, [
      "PhpFpmAbandonedQueue",
      "PhpFpmSilentClients",
    ]);
  }, 60_000);

  it("with slow requests that need more processes than the pool may start", async () => {
    const pool = fpm.pool("slow");
    await using incident = await Incident.of(pool.address, LIMIT_KNOWN);
    const requests = [sleep(pool, 8), sleep(pool, 8)];
    const isThere =
      /phpfpm_max_children_reached(?:_total)?\{.*\} [1-9][\s\S]*phpfpm_slow_requests(?:_total)?\{.*\} [1-9]/;
    await expectAlerts(incident, isThere, [
      "PhpFpmMaxChildrenReached",
      "PhpFpmNearMaxChildren",
      "PhpFpmSlowRequests",
    ]);
    await Promise.all(requests);
  }, 60_000);

  it("with a pool that is saturated and has no status_listen, then full", async () => {
    // A php-fpm of its own: its requests last until it is stopped.
    const blind = await startPhpFpm({
      pools: [{ name: "blind", pm: "static", maxChildren: 2, listen: "unix", backlog: 8 }],
    });
    onTestFinished(() => blind.stop());
    const pool = blind.pool("blind");
    await using incident = await Incident.of(pool.address, LIMIT_KNOWN);
    // An exporter that waits in the queue keeps its place there: only another one is refused.
    await using other = await Incident.of(pool.address, LIMIT_KNOWN);
    for (let count = 0; count < 3; count++) void sleep(pool, 90);
    await expectAlerts(incident, /kind="saturated"/, [
      "PhpFpmPoolSaturated",
      "PhpFpmStatusListenMissing",
    ]);
    open(pool, 40);
    await expectAlerts(other, /reason="backlog_full"/, [
      "PhpFpmBacklogFull",
      "PhpFpmListenQueueFilling",
      "PhpFpmPoolSaturated",
    ]);
  }, 90_000);

  it("with a pool that is reloaded, then dead", async () => {
    const other = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    onTestFinished(() => other.stop());
    const { address } = other.pool("www");
    // It has been up for a second, which a restart takes back.
    const ready = /^phpfpm_start_since\{.*\} [1-9]|^phpfpm_start_time_seconds\{/m;
    await using incident = await Incident.of(address, ready);
    // The exporter reads a pool once a second at most.
    await sleepFor(1_500);
    await other.reload();
    await expectAlerts(incident, /^phpfpm_up\{.*\} 1$/m, ["PhpFpmRestarted"]);
    await other.stop();
    await expectAlerts(incident, /reason="not_found"/, ["PhpFpmPoolDown"]);
  }, 60_000);

  it("with targets that no time is left for", async () => {
    await using server = await startFakeServer(silent);
    const headers = { "X-Prometheus-Scrape-Timeout-Seconds": "0.7" };
    await using incident = await Incident.of(server.address, /fcgi_probe_targets/, headers);
    await expectAlerts(incident, /reason="deadline"/, ["FcgiProbeDeadlineReached"]);
  }, 60_000);

  it("with an httpd that is gone", async () => {
    const gone = "http://127.0.0.1:1/server-status?auto";
    await using incident = await Incident.of(gone, /fcgi_probe_targets/);
    await expectAlerts(incident, /^apache_up\{?.*\}? 0$/m, ["ApacheDown"]);
  }, 60_000);
});
