import type { Scoreboard } from "./scoreboard.js";
import type {
  ProxyBalancer,
  ProxyWorker,
  ServerStatus,
  SharedCache,
  UnknownField,
} from "./server-status.js";
import { fieldIndex } from "./status-fields.js";

/** What is read of a text page apart from the fields that every page may have once. */
export class StatusSections {
  serverName: string | undefined = undefined;
  asyncBusyWorkers: number | undefined = undefined;
  asyncIdleWorkers: number | undefined = undefined;
  readonly proxyBalancers: ProxyBalancerRecord[] = [];
  tlsSessionCache: SharedCacheRecord | undefined = undefined;
  socache: SharedCacheRecord | undefined = undefined;
  readonly managed: UnknownField[] = [];
  readonly other: UnknownField[] = [];
  readonly warnings: string[] = [];
}

type Values<Value> = readonly (Value | undefined)[];
const i = fieldIndex;

/** The status of the values of a page, by the index of their field. */
export function statusOf(
  numbers: Values<number>,
  texts: Values<string>,
  scoreboard: Scoreboard | undefined,
  sections: StatusSections,
): ServerStatus {
  const kilobytes = numbers[i["Total kBytes"]];
  return {
    serverName: sections.serverName,
    serverVersion: texts[i.ServerVersion],
    serverMpm: texts[i.ServerMPM],
    serverBuilt: texts[i["Server Built"]],
    currentTime: texts[i.CurrentTime],
    restartTime: texts[i.RestartTime],
    configGeneration: numbers[i.ParentServerConfigGeneration],
    mpmGeneration: numbers[i.ParentServerMPMGeneration],
    uptime: numbers[i.Uptime] ?? numbers[i.ServerUptimeSeconds],
    uptimeText: texts[i.ServerUptime],
    load1: numbers[i.Load1],
    load5: numbers[i.Load5],
    load15: numbers[i.Load15],
    totalAccesses: numbers[i["Total Accesses"]],
    totalTraffic: kilobytes === undefined ? undefined : kilobytes * 1024,
    totalDuration: numbers[i["Total Duration"]],
    cpuUser: numbers[i.CPUUser],
    cpuSystem: numbers[i.CPUSystem],
    cpuChildrenUser: numbers[i.CPUChildrenUser],
    cpuChildrenSystem: numbers[i.CPUChildrenSystem],
    cpuLoad: numbers[i.CPULoad],
    requestsPerSecond: numbers[i.ReqPerSec],
    bytesPerSecond: numbers[i.BytesPerSec],
    bytesPerRequest: numbers[i.BytesPerReq],
    durationPerRequest: numbers[i.DurationPerReq],
    busyWorkers: numbers[i.BusyWorkers],
    gracefulWorkers: numbers[i.GracefulWorkers],
    idleWorkers: numbers[i.IdleWorkers],
    asyncBusyWorkers: sections.asyncBusyWorkers,
    asyncIdleWorkers: sections.asyncIdleWorkers,
    processes: numbers[i.Processes],
    stopping: numbers[i.Stopping],
    connections: numbers[i.ConnsTotal],
    connectionsWaitIo: numbers[i.ConnsAsyncWaitIO],
    connectionsWriting: numbers[i.ConnsAsyncWriting],
    connectionsKeepAlive: numbers[i.ConnsAsyncKeepAlive],
    connectionsClosing: numbers[i.ConnsAsyncClosing],
    scoreboard,
    proxyBalancers: sections.proxyBalancers,
    tlsSessionCache: sections.tlsSessionCache,
    socache: sections.socache,
    managed: sections.managed,
    other: sections.other,
    warnings: sections.warnings,
  };
}

export class SharedCacheRecord implements SharedCache {
  type: string | undefined = undefined;
  available = true;
  sharedMemory: number | undefined = undefined;
  currentEntries: number | undefined = undefined;
  subcaches: number | undefined = undefined;
  indexesPerSubcache: number | undefined = undefined;
  timeLeftOldestAverage: number | undefined = undefined;
  timeLeftOldestMinimum: number | undefined = undefined;
  timeLeftOldestMaximum: number | undefined = undefined;
  indexUsage: number | undefined = undefined;
  usage: number | undefined = undefined;
  stored: number | undefined = undefined;
  replaced: number | undefined = undefined;
  expired: number | undefined = undefined;
  discarded: number | undefined = undefined;
  retrieveHits: number | undefined = undefined;
  retrieveMisses: number | undefined = undefined;
  removeHits: number | undefined = undefined;
  removeMisses: number | undefined = undefined;
  readonly other: UnknownField[] = [];
}

export class ProxyBalancerRecord implements ProxyBalancer {
  readonly index: number;
  name: string | undefined = undefined;
  readonly workers: ProxyWorkerRecord[] = [];

  constructor(index: number) {
    this.index = index;
  }
}

export class ProxyWorkerRecord implements ProxyWorker {
  readonly index: number;
  name: string | undefined = undefined;
  status: string | undefined = undefined;
  elected: number | undefined = undefined;
  busy: number | undefined = undefined;
  sent: number | undefined = undefined;
  received: number | undefined = undefined;

  constructor(index: number) {
    this.index = index;
  }
}
