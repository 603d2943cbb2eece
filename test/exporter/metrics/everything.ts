import type { Sample } from "../../../src/exporter/sample.js";
import { opcacheFields } from "../../../src/phpfpm/opcache.js";
import { createPool, processOf } from "../../../src/status-page/records.js";
import { fixture } from "../../apache/fixtures.js";
import { failedSample, poolSample, poolTarget, serverPage, serverTarget } from "./samples.js";

export const configuration = {
  name: "www",
  source: "www.conf:1",
  listen: "127.0.0.1:9000",
  statusPath: "/status",
  statusListen: undefined,
  pingPath: undefined,
  processManager: "dynamic",
  maxChildren: 5,
  startServers: 2,
  minSpareServers: 1,
  maxSpareServers: 3,
  maxRequests: 0,
  backlog: 511,
};

export const fields = {
  pool: "www",
  processManager: "dynamic",
  startTime: new Date("2026-11-29T07:00:00Z"),
  startSince: 3_600,
  acceptedConn: 120,
  listenQueue: 1,
  maxListenQueue: 2,
  listenQueueLen: 128,
  idleProcesses: 3,
  activeProcesses: 1,
  totalProcesses: 4,
  maxActiveProcesses: 4,
  maxChildrenReached: 0,
  slowRequests: 5,
  memoryPeak: 2_097_152,
};

/** A process that serves a request, or has served one. */
export function processIn(state: string, seconds: number, memory = 0) {
  return Object.assign(processOf([]), {
    pid: 17,
    state,
    requests: 9,
    requestDuration: seconds * 1e6,
    lastRequestMemory: memory,
    lastRequestCpu: 12.5,
  });
}

/** Samples that give every metric of both styles a value, if the page has several httpds. */
export function everything(): Sample[] {
  const processes = [
    processIn("Running", 0.3),
    processIn("Finishing", 75),
    processIn("Idle", 4, 1_048_576),
    processIn("Idle", 4, 2_097_152),
  ];
  const status = Object.assign(createPool(), fields, { processes });
  const target = poolTarget("tcp://127.0.0.1:9000/status", {
    processes: 1,
    configuration,
    opcache: "/opcache.php",
  });
  const opcache = Object.fromEntries(Object.keys(opcacheFields).map((name, at) => [name, at]));
  const diagnoses = (["silent_clients", "abandoned"] as const).map((problem) => ({
    problem,
    text: `it is ${problem}`,
  }));
  const queue = { waiting: 3, abandoned: 1, limit: 511 };
  return [
    poolSample(status, target, { queue, diagnoses, opcache }),
    failedSample(poolTarget("unix:/run/gone.sock:/status")),
    serverPage(busyPage(), serverTarget("http://127.0.0.1/server-status")),
    failedSample(serverTarget("http://127.0.0.2/server-status")),
  ];
}

/** A page of httpd with one more balancer, of 1,100 workers. */
function busyPage(): string {
  const page = new TextDecoder().decode(fixture("extras-idle--auto.txt"));
  const workers = Array.from({ length: 1_100 }, (_, at) => {
    const key = `ProxyBalancer[9]Worker[${at}]`;
    return `${key}Name: fcgi://10.0.0.1:${at}\n${key}Status: Init Ok\n${key}Elected: 0\n`;
  });
  const end = page.indexOf("\n", page.lastIndexOf("\nProxyBalancer[") + 1) + 1;
  const balancer = `ProxyBalancer[9]Name: balancer://big\n${workers.join("")}`;
  return page.slice(0, end) + balancer + page.slice(end);
}
