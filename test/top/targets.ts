import { ErrorCode, GatewayError } from "../../src/errors.js";
import type { ProcessStatus } from "../../src/status-page/pool-status.js";
import { createPool, processOf, type WritablePool } from "../../src/status-page/records.js";
import { LiveTarget, type TargetPlace } from "../../src/top/live-target.js";

export const START = new Date("2026-11-29T10:00:00Z");

/** A status page. */
export function pageOf(fields: Partial<WritablePool>) {
  const status = Object.assign(createPool(), { startTime: START, ...fields });
  return { kind: "phpfpm", status } as const;
}

/** A pool whose last page has these fields. */
export function targetOf(
  name: string,
  fields: Partial<WritablePool> = {},
  place: Partial<TargetPlace> = {},
): LiveTarget {
  const target = new LiveTarget({ kind: "phpfpm", address: `unix:/run/${name}.sock`, ...place });
  target.take(pageOf({ pool: name, idleProcesses: 3, activeProcesses: 1, ...fields }), 0);
  return target;
}

/** A pool that could not be read. */
export function failedTarget(name: string, code: ErrorCode = ErrorCode.Refused): LiveTarget {
  const target = new LiveTarget({ kind: "phpfpm", address: `unix:/run/${name}.sock` });
  target.fail(new GatewayError(code, "connection refused"));
  return target;
}

/** A process with a request. */
export function running(script: string, uri: string, microseconds: number): ProcessStatus {
  return Object.assign(processOf([]), {
    pid: microseconds,
    state: "Running",
    requests: 1,
    requestMethod: "GET",
    requestUri: uri,
    script,
    user: "-",
    requestDuration: microseconds,
    lastRequestCpu: 0,
    lastRequestMemory: 0,
  });
}

/** A process without a request. */
export function idle(pid: number): ProcessStatus {
  return Object.assign(running("/srv/old.php", "/old", 900), {
    pid,
    state: "Idle",
    lastRequestCpu: 12.5,
    lastRequestMemory: 2_097_152,
  });
}
