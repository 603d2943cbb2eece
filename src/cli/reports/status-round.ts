import type { Address } from "../../address.js";
import { targetAddress } from "../../client/connect.js";
import type { Probe } from "../../fleet/probe.js";
import type { PoolResult } from "../../phpfpm/status.js";
import { fetchStatusPage, status } from "../../phpfpm/status.js";
import type { Io } from "../io.js";
import {
  DistinctTargets,
  failures,
  pagesText,
  type Round,
  readEach,
  warningLines,
} from "./round.js";

export const formats = ["table", "text", "json", "prometheus"] as const;
export type StatusFormat = (typeof formats)[number];

export interface RoundOptions {
  format: StatusFormat;
  full?: true;
  path?: string;
  timeout?: number;
}

/** Reads all targets at once. */
export async function readRound(
  targets: readonly string[],
  options: RoundOptions,
  io: Io,
): Promise<Round> {
  const { full, format, path, timeout } = options;
  if (format === "text") {
    const probe = probePool(path, (address, limits) =>
      fetchStatusPage(address, { ...limits, full }),
    );
    const pages = await readEach(targets, probe, timeout, io);
    return { render: () => pagesText(pages, io), ...failures(pages, io) };
  }
  const probe = probePool(path, (address, limits) => status(address, { ...limits, full }));
  const distinct = new DistinctTargets();
  const wanted = format === "prometheus" ? distinct.of(targets) : targets;
  const pools = await readEach(wanted, probe, timeout, io);
  const { problems, exitCode } = failures(pools, io);
  problems.unshift(...distinct.warningLines(io));
  problems.push(...warningLines(pools, io));
  return { render: await renderer(pools, format, io), problems, exitCode };
}

/** Asks a pool, at the path that was given instead of the address's. */
function probePool<Value>(
  path: string | undefined,
  read: (address: Address, limits: Parameters<Probe<Value>>[1]) => Promise<Value>,
): Probe<Value> {
  return async (target, limits) => {
    const address = targetAddress(target);
    return read(path === undefined ? address : { ...address, path }, limits);
  };
}

async function renderer(
  results: readonly PoolResult[],
  format: Exclude<StatusFormat, "text">,
  io: Io,
): Promise<() => string> {
  switch (format) {
    case "json": {
      const { resultJson } = await import("./round.js");
      return () => `${JSON.stringify(results.map(resultJson), undefined, 2)}\n`;
    }
    case "prometheus": {
      const { PoolMetrics } = await import("../../exporter/pool-metrics.js");
      const metrics = new PoolMetrics();
      for (const result of results) metrics.add(result);
      return () => [...metrics.text()].join("");
    }
    case "table": {
      const { poolReport } = await import("./pool-report.js");
      // Of targets that all failed, the problems say everything.
      if (!results.some(({ ok }) => ok)) return () => "";
      return () => `${poolReport(results, io.stdout.style, io.stdout.columns).join("\n")}\n`;
    }
  }
}
