import {
  type FetchServerStatusOptions,
  fetchServerStatusPage,
} from "../../../apache/fetch/fetch-status.js";
import { ledElsewhere, StatusSource } from "../../../apache/fetch/status-source.js";
import { shownUrl, textStatusUrl } from "../../../apache/fetch/status-url.js";
import type { ServerStatus } from "../../../apache/page/server-status.js";
import { parseServerStatus } from "../../../apache/page/text-page.js";
import { withAddress } from "../../../errors.js";
import type { FleetResult, Probe } from "../../../fleet/probe.js";
import type { Io } from "../../io.js";
import {
  DistinctTargets,
  failures,
  pagesText,
  type Round,
  readEach,
  warningLines,
} from "../round.js";

export const statusFormats = ["table", "text", "json", "prometheus"] as const;
export type StatusFormat = (typeof statusFormats)[number];

type StatusResult = FleetResult<ServerStatus>;

export interface StatusRoundOptions {
  readonly format: StatusFormat;
  /** Milliseconds for each server. */
  readonly timeout?: number | undefined;
  /** How its page is asked for. */
  readonly request?: Pick<FetchServerStatusOptions, "headers" | "host" | "insecure"> | undefined;
}

/** Reads the status of all servers at once. A redirect to another server is followed, and said. */
export async function readStatusRound(
  urls: readonly string[],
  { format, timeout, request }: StatusRoundOptions,
  io: Io,
): Promise<Round> {
  const how = { ...request, followOrigins: true };
  if (format === "text") {
    const read = shown(await readEach(urls, pageProbe(how), timeout, io));
    const pages = read.map((each) => (each.ok ? { ...each, value: each.value.page } : each));
    const { problems, exitCode } = failures(read, io);
    problems.push(...warningLines(read, io));
    return { render: () => pagesText(pages, io), problems, exitCode };
  }
  const probe: Probe<ServerStatus> = (url, limits) =>
    new StatusSource(url, { ...how, ...limits }).status();
  const distinct = new DistinctTargets();
  const wanted = format === "prometheus" ? distinct.of(urls) : urls;
  const results = shown(await readEach(wanted, probe, timeout, io));
  const { problems, exitCode } = failures(results, io);
  problems.unshift(...distinct.warningLines(io, shownUrl));
  problems.push(...warningLines(results, io));
  return { render: await renderer(results, format, io), problems, exitCode };
}

interface TextPage {
  readonly page: Uint8Array;
  readonly warnings: readonly string[];
}

/** The page as it was sent, where it is one. */
const pageProbe =
  (how: FetchServerStatusOptions): Probe<TextPage> =>
  async (target, limits) => {
    const { page, url, isElsewhere } = await fetchServerStatusPage(textStatusUrl(target), {
      ...how,
      ...limits,
    });
    try {
      parseServerStatus(page);
    } catch (error) {
      throw withAddress(error, shownUrl(target));
    }
    return { page, warnings: isElsewhere ? [ledElsewhere(url)] : [] };
  };

/** Nothing that is shown has a password. */
function shown<Value>(results: readonly FleetResult<Value>[]): FleetResult<Value>[] {
  return results.map((result) => ({ ...result, target: shownUrl(result.target) }));
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
      const { ApacheMetrics } = await import("../../../exporter/apache-metrics.js");
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
