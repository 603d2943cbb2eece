import { StatusSource } from "../../apache/fetch/status-source.js";
import { shownUrl } from "../../apache/fetch/status-url.js";
import type { ServerStatus } from "../../apache/page/server-status.js";
import type { ScrapeTarget } from "../../exporter/target.js";
import type { FleetResult } from "../../fleet/probe.js";
import { status } from "../../phpfpm/status.js";
import type { PoolStatus } from "../../status-page/pool-status.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { serverReport } from "../reports/apache/server-report.js";
import { poolReport } from "../reports/pool-report.js";
import { probePool } from "../reports/probe-pool.js";
import { readRound, type StatusReader } from "../reports/round.js";
import type { FlagValues } from "./flags.js";

type Both = PoolStatus | ServerStatus;

/** Milliseconds that the status of a target may take. */
const TIMEOUT = 5_000;

/** Prints the status of all targets once. */
export async function getStatus(
  targets: readonly ScrapeTarget[],
  { out, scrapeTimeout: timeout = TIMEOUT }: Pick<FlagValues, "out" | "scrapeTimeout">,
  io: Io,
): Promise<ExitCode> {
  const format = out === "json" ? "json" : "table";
  const addresses = targets.map(({ address }) => address);
  const round = await readRound(
    readerOf(targets),
    addresses,
    { format, timeout, verbose: true },
    io,
  );
  await io.stdout.write(round.render());
  await io.stderr.writeLines(round.problems);
  return io.signal.aborted ? ExitCode.Interrupted : round.exitCode;
}

const readPool = probePool(undefined, (address, limits) =>
  status(address, { ...limits, full: true }),
);

function readerOf(targets: readonly ScrapeTarget[]): StatusReader<Both> {
  const httpds = new Map(
    targets.filter(({ kind }) => kind === "apache").map((target) => [target.address, target]),
  );
  const refuse = (): never => {
    throw new Error("get writes tables and JSON only");
  };
  return {
    nouns: ["target", "targets"],
    read: (address, limits) => {
      const httpd = httpds.get(address);
      if (httpd === undefined) return readPool(address, limits);
      return new StatusSource(address, { ...httpd.http, ...limits }).status();
    },
    readPage: refuse,
    newMetrics: refuse,
    shown: (address) => (httpds.has(address) ? shownUrl(address) : address),
    table: async (results, io) => () => tableOf(results, io),
  };
}

function tableOf(results: readonly FleetResult<Both>[], io: Io): string {
  const { style, columns } = io.stdout;
  const pools = results.filter((result) => !result.ok || "processManager" in result.value);
  const blocks = results.flatMap((result) =>
    result.ok && !("processManager" in result.value)
      ? [serverReport(result.target, result.value as ServerStatus, style, columns)]
      : [],
  );
  if (pools.some(({ ok }) => ok)) {
    blocks.unshift(poolReport(pools as FleetResult<PoolStatus>[], style, columns));
  }
  return blocks.map((lines) => `${lines.join("\n")}\n`).join("\n");
}
