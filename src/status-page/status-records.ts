import type {
  OtherField,
  PoolStatus,
  PoolStatusJson,
  ProcessStatus,
  ProcessStatusJson,
} from "./pool-status.js";

export const none: readonly never[] = [];

/** What the readers of the page formats fill in. */
export class PoolRecord implements PoolStatus {
  pool: string | undefined = undefined;
  processManager: string | undefined = undefined;
  startTime: Date | undefined = undefined;
  startSince: number | undefined = undefined;
  acceptedConn: number | undefined = undefined;
  listenQueue: number | undefined = undefined;
  maxListenQueue: number | undefined = undefined;
  listenQueueLen: number | undefined = undefined;
  idleProcesses: number | undefined = undefined;
  activeProcesses: number | undefined = undefined;
  totalProcesses: number | undefined = undefined;
  maxActiveProcesses: number | undefined = undefined;
  maxChildrenReached: number | undefined = undefined;
  slowRequests: number | undefined = undefined;
  memoryPeak: number | undefined = undefined;
  other: readonly OtherField[] = none;
  processes: readonly ProcessStatus[] | undefined = undefined;
  warnings: readonly string[] = none;

  toJSON(): PoolStatusJson {
    const { processes, memoryPeak } = this;
    return {
      pool: this.pool,
      processManager: this.processManager,
      startTime: this.startTime?.toISOString(),
      startSince: this.startSince,
      acceptedConn: this.acceptedConn,
      listenQueue: this.listenQueue,
      maxListenQueue: this.maxListenQueue,
      listenQueueLen: this.listenQueueLen,
      idleProcesses: this.idleProcesses,
      activeProcesses: this.activeProcesses,
      totalProcesses: this.totalProcesses,
      maxActiveProcesses: this.maxActiveProcesses,
      maxChildrenReached: this.maxChildrenReached,
      slowRequests: this.slowRequests,
      ...(memoryPeak === undefined ? {} : { memoryPeak }),
      ...(processes === undefined
        ? {}
        : { processes: processes.map((process) => process.toJSON()) }),
    };
  }
}

/** A process whose fields were all read at once. */
export class ProcessRecord implements ProcessStatus {
  pid = 0;
  state = "";
  startTime: Date | undefined = undefined;
  startSince: number | undefined = 0;
  requests = 0;
  requestDuration: number | undefined = 0;
  requestMethod = "";
  requestUri = "";
  contentLength = 0;
  user = "";
  script = "";
  lastRequestCpu: number | undefined = undefined;
  lastRequestMemory = 0;
  other: readonly OtherField[] = none;

  toJSON(): ProcessStatusJson {
    return processToJson(this);
  }
}

export function processToJson(process: ProcessStatus): ProcessStatusJson {
  return {
    pid: process.pid,
    state: process.state,
    startTime: process.startTime?.toISOString(),
    startSince: process.startSince,
    requests: process.requests,
    requestDuration: process.requestDuration,
    requestMethod: process.requestMethod,
    requestUri: process.requestUri,
    contentLength: process.contentLength,
    user: process.user,
    script: process.script,
    lastRequestCpu: process.lastRequestCpu,
    lastRequestMemory: process.lastRequestMemory,
  };
}
