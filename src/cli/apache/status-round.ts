import { textStatusUrl } from "../../apache/discovery.js";
import { fetchStatusPage, shownUrl } from "../../apache/fetch-status.js";
import type { ServerStatus } from "../../apache/server-status.js";
import { StatusSource } from "../../apache/status-source.js";
import { parseTextPage } from "../../apache/text-page.js";
import type { FleetResult, Probe } from "../../fleet/probe.js";
import { DistinctTargets } from "../distinct-targets.js";
import type { Io } from "../io.js";
import { failures, pagesText, type Round, readEach, warningLines } from "../round.js";

export const statusFormats = ["table", "text", "json", "prometheus"] as const;
export type StatusFormat = (typeof statusFormats)[number];

type StatusResult = FleetResult<ServerStatus>;

/** Reads the status of all servers at once. */
export async function readStatusRound(
  urls: readonly string[],
  { format, timeout }: { format: StatusFormat; timeout?: number | undefined },
  io: Io,
): Promise<Round> {
  if (format === "text") {
    const pages = shown(await readEach(urls, readPage, timeout, io));
    return { render: () => pagesText(pages, io), ...failures(pages, io) };
  }
  const probe: Probe<ServerStatus> = (url, limits) => new StatusSource(url, whole(limits)).status();
  const distinct = new DistinctTargets();
  const wanted = format === "prometheus" ? distinct.of(urls) : urls;
  const results = shown(await readEach(wanted, probe, timeout, io));
  const { problems, exitCode } = failures(results, io);
  problems.unshift(...distinct.warningLines(io, shownTarget));
  problems.push(...warningLines(results, io));
  return { render: await renderer(results, format, io), problems, exitCode };
}

type Limits = Parameters<Probe<unknown>>[1];

/** A signal with a timeout takes whole milliseconds only. */
function whole(limits: Limits): Limits {
  return { ...limits, timeout: Math.ceil(limits.timeout) };
}

/** The page as it was sent, where it is one. */
async function readPage(url: string, limits: Limits): Promise<Uint8Array> {
  const page = await fetchStatusPage(textStatusUrl(url), whole(limits));
  parseTextPage(page);
  return page;
}

/** Nothing that is shown has a password. */
function shown<Value>(results: readonly FleetResult<Value>[]): FleetResult<Value>[] {
  return results.map((result) => ({ ...result, target: shownTarget(result.target) }));
}

function shownTarget(target: string): string {
  return URL.canParse(target) ? shownUrl(target) : target;
}

async function renderer(
  results: readonly StatusResult[],
  format: Exclude<StatusFormat, "text">,
  io: Io,
): Promise<() => string> {
  switch (format) {
    case "json":
      return () => `${JSON.stringify(results.map(resultJson), undefined, 2)}\n`;
    case "prometheus": {
      const { ApacheMetrics } = await import("../../exporter/apache-metrics.js");
      const metrics = new ApacheMetrics();
      for (const result of results) metrics.add(result);
      return () => [...metrics.text()].join("");
    }
    case "table": {
      const { serverReport } = await import("./server-report.js");
      return () =>
        results
          .flatMap((result) => (result.ok ? [result] : []))
          .map(({ target, value }) =>
            serverReport(target, value, io.stdout.style, io.stdout.columns),
          )
          .map((lines) => `${lines.join("\n")}\n`)
          .join("\n");
    }
  }
}

/** One server in the command's JSON. */
function resultJson(result: StatusResult): object {
  const { target } = result;
  if (result.ok) return { target, ok: true, ...result.value };
  const { code, message, hint } = result.error;
  return { target, ok: false, error: { code, message, hint } };
}
