import type { MetricsData } from "../../../apache/manager/metrics-file.js";
import { HANGING_AFTER, isHanging } from "../../../apache/page/worker-row.js";
import { findServers } from "../../../apache/processes/apache-servers.js";
import { memoryUsageOf } from "../../../apache/processes/memory-usage.js";
import type { ProcessTable } from "../../../apache/processes/process-table.js";
import type { Worker } from "../../../apache/workers/workers.js";
import type { Httpd } from "../../../discovery/local-httpd.js";
import { GatewayError } from "../../../errors.js";

export interface CollectOptions {
  /** Seconds from which on a worker hangs. */
  readonly hangingAfter?: number | undefined;
  /** Tells foreign and native workers, as apache-manager 2 does. */
  readonly counts?: boolean | undefined;
  /** What was killed before. */
  readonly killedActive?: number | undefined;
  readonly killedIdle?: number | undefined;
}

export interface Collected {
  readonly data: MetricsData;
  /** Why a page is missing; the rest has been collected. */
  readonly error: GatewayError | undefined;
}

/**
 * Collects what the metrics file tells. An httpd that is not found, and a page that cannot be read,
 * are told, and no error.
 */
export async function collectMetrics(
  found: Promise<Httpd>,
  table: ProcessTable,
  options: CollectOptions = {},
): Promise<Collected> {
  const httpd = await settled(found);
  return "error" in httpd
    ? collectWithout(httpd.error, table, options)
    : collectFrom(httpd.value, options);
}

/** Without a page only the processes tell: those of the one httpd that runs here. */
function collectWithout(
  error: GatewayError,
  table: ProcessTable,
  options: CollectOptions,
): Collected {
  const [server, other] = findServers(table);
  const children = other === undefined ? server?.children : undefined;
  const data: MetricsData = {
    status: undefined,
    responded: false,
    workersHanging: 0,
    workersKilledActive: options.killedActive ?? 0,
    workersKilledIdle: options.killedIdle ?? 0,
    workerCounts: options.counts ? countKinds([]) : undefined,
    memory: memoryUsageOf(children ?? []),
  };
  return { data, error };
}

async function collectFrom(httpd: Httpd, options: CollectOptions): Promise<Collected> {
  const status = await settled(httpd.source.status());
  // The other page would not come either, and take as long to say so.
  const reading = "error" in status ? status : await settled(httpd.workers());
  const error = "error" in reading ? reading.error : undefined;
  const { page, server, workers } =
    "error" in reading
      ? { page: undefined, server: httpd.serverWithoutPage(), workers: [] }
      : reading.value;
  const hangingAfter = options.hangingAfter ?? HANGING_AFTER;
  const data: MetricsData = {
    status: "error" in status ? undefined : status.value,
    responded: error === undefined,
    workersHanging: (page?.rows ?? []).filter((row) => isHanging(row, hangingAfter)).length,
    workersKilledActive: options.killedActive ?? 0,
    workersKilledIdle: options.killedIdle ?? 0,
    workerCounts: options.counts ? countKinds(workers) : undefined,
    memory: memoryUsageOf(server?.children ?? []),
  };
  return { data, error };
}

type Settled<Value> = { readonly value: Value } | { readonly error: GatewayError };

async function settled<Value>(promise: Promise<Value>): Promise<Settled<Value>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (error instanceof GatewayError) return { error };
    throw error;
  }
}

/** As apache-manager counts: what its page names, and every other child of httpd. */
function countKinds(workers: readonly Worker[]): { foreign: number; native: number } {
  const native = workers.filter(({ row }) => row !== undefined).length;
  return { foreign: workers.length - native, native };
}
