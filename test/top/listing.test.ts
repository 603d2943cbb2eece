import { describe, expect, it } from "vitest";
import type { PoolConfiguration } from "../../src/discovery/pool-configuration.js";
import { ErrorCode, GatewayError } from "../../src/errors.js";
import { countBySickness, listTargets } from "../../src/top/listing.js";
import { LiveTarget } from "../../src/top/live-target.js";
import { Sickness, sicknessOf, sicknessText } from "../../src/top/sickness.js";
import { failedTarget, pageOf, targetOf } from "./targets.js";

const fine = targetOf("fine");
const busy = { idleProcesses: 0, activeProcesses: 4, totalProcesses: 4, processManager: "static" };
const byStatusListen = { name: "saturated", statusListen: "127.0.0.1:9001" } as PoolConfiguration;
const saturated = targetOf("saturated", busy, { configuration: byStatusListen });
const queue = targetOf("queue", { ...busy, listenQueue: 5 });
const longer = targetOf("longer", { ...busy, listenQueue: 9 });
const full = failedTarget("full", ErrorCode.BacklogFull);
const dead = failedTarget("dead");
const slow = targetOf("slow", { slowRequests: 1, acceptedConn: 1 });
slow.take(pageOf({ pool: "slow", slowRequests: 4, acceptedConn: 9, idleProcesses: 2 }), 1_000);
const waiting = targetOf("waiting");
waiting.readingSince = 2_000;
const unread = new LiveTarget({ kind: "phpfpm", address: "127.0.0.1:9000/status" });
const pageless = failedTarget("pageless", ErrorCode.PageNotFound);
const stopped = new LiveTarget({
  kind: "apache",
  address: "http://127.0.0.1/server-status",
  state: "not running",
});
stopped.fail(new GatewayError(ErrorCode.Refused, "connection refused"));
const all = [stopped, unread, pageless, fine, slow, saturated, waiting, queue, longer, dead, full];

const NOW = 5_500;
const list = (options: Partial<Parameters<typeof listTargets>[1]>) =>
  listTargets(all, { filter: "", sort: "sick", now: NOW, ...options });
const names = (options: Partial<Parameters<typeof listTargets>[1]>) =>
  list(options).map(({ target }) =>
    target.place.address.replace(/^unix:\/run\/|^http:\/\/|\.sock$/g, ""),
  );

describe("the list of targets", () => {
  it("has the sickest first: unreachable, queue, saturated, slow, misconfigured, not running, not read, fine", () => {
    expect(names({})).toEqual([
      ...["dead", "longer", "queue", "full", "saturated", "slow", "waiting"],
      ...["pageless", "127.0.0.1/server-status", "127.0.0.1:9000/status", "fine"],
    ]);
  });

  it("is sorted by name, requests or queue, where the largest comes first", () => {
    expect(names({ sort: "queue" }).slice(0, 2)).toEqual(["longer", "queue"]);
    expect(names({ sort: "requests" })[0]).toBe("slow");
    expect(
      names({ sort: "name" })
        .filter((name) => /^[a-z]/.test(name))
        .slice(2),
    ).toEqual([...["pageless", "fine", "longer", "queue", "saturated", "slow", "waiting"]]);
  });

  it.each([
    ["SLOW", ["slow"]],
    ["9000", ["127.0.0.1:9000/status"]],
    ["refused", ["dead", "full", "pageless", "127.0.0.1/server-status"]],
    ["nowhere", []],
  ])("with the filter %j has %j", (filter, found) => {
    expect(names({ filter })).toEqual(found);
  });

  it("counts all of them", () => {
    expect(Object.fromEntries(countBySickness(all, NOW))).toEqual({
      [Sickness.Unreachable]: 1,
      [Sickness.Queue]: 3,
      [Sickness.Saturated]: 1,
      [Sickness.Slow]: 2,
      [Sickness.Misconfigured]: 1,
      [Sickness.NotRunning]: 1,
      [Sickness.Unknown]: 1,
      [Sickness.Fine]: 1,
    });
  });
});

describe("the state of a target", () => {
  it.each([
    [dead, "unreachable"],
    [full, "saturated"],
    [queue, "queue"],
    [saturated, "saturated"],
    [slow, "slow requests"],
    [pageless, "misconfigured"],
    [stopped, "not running"],
    [waiting, "waiting 3 s"],
    [unread, "waiting"],
    [fine, "ok"],
  ])("%# is %j", (target, text) => {
    const found = list({}).find((listed) => listed.target === target);
    expect(sicknessText(target, found?.sickness ?? Sickness.Unknown, NOW)).toBe(text);
  });
});

describe("a pool whose workers that run are all busy", () => {
  const stateOf = (fields: object, configuration?: object) => {
    const settings = configuration as PoolConfiguration | undefined;
    const target = targetOf("www", { ...busy, ...fields }, { configuration: settings });
    return sicknessText(target, sicknessOf(target, NOW), NOW);
  };
  const dynamic = { processManager: "dynamic", activeProcesses: 2, totalProcesses: 2 };
  const byItself = { name: "www", maxChildren: 20 };

  it("is fine while it may start more", () => {
    expect(stateOf(dynamic)).toBe("ok");
    expect(stateOf(dynamic, byItself)).toBe("ok");
    expect(stateOf(dynamic, { ...byItself, statusListen: "127.0.0.1:9001" })).toBe("ok");
  });

  it("is fine while one of them only serves the page", () => {
    expect(stateOf({}, { name: "www", maxChildren: 4 })).toBe("ok");
  });

  it("is saturated if others hold as many as pm.max_children", () => {
    const other = { name: "www", maxChildren: 2, statusListen: "127.0.0.1:9001" };
    expect(stateOf(dynamic, other)).toBe("saturated");
  });

  it("is saturated if pm.max_children was reached since the last page", () => {
    const target = targetOf("www", { ...dynamic, idleProcesses: 0, maxChildrenReached: 1 });
    const later = { ...dynamic, pool: "www", idleProcesses: 0, maxChildrenReached: 2 };
    target.take(pageOf(later), 1_000);
    expect(sicknessText(target, sicknessOf(target, NOW), NOW)).toBe("saturated");
  });
});

describe("the accept queue of a pool", () => {
  const tableOf = (waiting: number, abandoned = 0) =>
    ({ queueOf: () => ({ waiting, abandoned }) }) as never;

  it("has no connection of ours that waits for the page", () => {
    const target = targetOf("www", busy);
    target.takeQueue(tableOf(1), 1);
    expect(target.queue).toEqual({ waiting: 0, abandoned: 0 });
    target.takeQueue(tableOf(1), 0);
    expect(target.queue).toEqual({ waiting: 1, abandoned: 0 });
  });

  it("says that a pool without an answer is saturated, and not silent", () => {
    const target = targetOf("www", busy);
    target.takeQueue(tableOf(1), 1);
    target.fail(failedTarget("x", ErrorCode.Deadline).error as never);
    expect(target.diagnoses.map(({ problem }) => problem)).toEqual(["saturated"]);
  });

  it("shows silent clients only if they stay: a client that comes looks the same", () => {
    const target = targetOf("www");
    const text = () => sicknessText(target, Sickness.Queue, 0);
    target.takeQueue(tableOf(2, 1), 0);
    expect(text()).toBe("queue, 1 gone");
    target.takeQueue(tableOf(2, 1), 0);
    expect(text()).toBe("silent clients, 1 gone");
    target.takeQueue(tableOf(0), 0);
    expect(target.hasSilentClients).toBe(false);
  });
});
