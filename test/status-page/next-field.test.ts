import { describe, expect, it, vi } from "vitest";
import { poolReport } from "../../src/cli/reports/pool-report.js";
import type { Field } from "../../src/status-page/fields.js";
import type { PoolStatus } from "../../src/status-page/pool-status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import {
  type PoolCounters,
  type ProcessCounters,
  renderStatusPage,
} from "../../src/status-page/write-page.js";
import { styleFor } from "../../src/terminal/style.js";
import { poolSample, poolTarget, textOf } from "../exporter/metrics/samples.js";
import { bytesOf, formats, pageOf, writePage } from "./page-writer.js";

/** Fields that the next version of PHP might have. Each is one entry and nothing else. */
vi.mock("../../src/status-page/fields.js", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/status-page/fields.js")>();
  const metric = { name: "fibers_started", type: "counter", help: "Fibers." } as const;
  const poolFields: Record<string, Field> = {
    ...original.poolFields,
    fibersStarted: { key: "fibers started", type: "count", since: 8.6, column: "FIBERS", metric },
  };
  const { pid, state, ...others } = original.processFields;
  const processFields: Record<string, Field> = {
    pid,
    state,
    zone: { key: "zone", type: "state", since: 8.6, column: "ZONE" },
    ...others,
    lastRequestFibers: { key: "last request fibers", type: "count", since: 8.6, metric },
  };
  return { ...original, poolFields, processFields };
});

/** The same page as PHP would write it with these fields. */
const additions = {
  text: [
    [/^(slow requests:.*\n)/m, "$1fibers started:       7\n"],
    [/^(state:.*\n)/gm, "$1zone:                 eu\n"],
    [/^(last request memory:.*\n)/gm, "$1last request fibers:  3\n"],
  ],
  json: [
    [/("slow requests":\d+)/, '$1,"fibers started":7'],
    [/("state":"Idle",)/g, '$1"zone":"eu",'],
    [/("last request memory":\d+)/g, '$1,"last request fibers":3'],
  ],
  xml: [
    [/(<\/slow-requests>\n)/, "$1<fibers-started>7</fibers-started>\n"],
    [/(<\/state>)/g, "$1<zone>eu</zone>"],
    [/(<\/last-request-memory>)/g, "$1<last-request-fibers>3</last-request-fibers>"],
  ],
} as const;

function nextPage(format: (typeof formats)[number], user: string): string {
  const page = Buffer.from(writePage(format, pageOf([{}, { user }, {}]))).toString("latin1");
  return additions[format].reduce((text, [at, field]) => text.replace(at, field), page);
}

const plain = styleFor(false, {});

function tableOf(value: PoolStatus): string {
  return poolReport([{ target: "x", ok: true, value, elapsed: 1 }], plain).join("\n");
}

/** A pool without requests, and its idle process. */
function emptyPage(): { counters: PoolCounters; process: ProcessCounters } {
  const zeros = {
    ...{ startTime: 0, now: 0, acceptedConn: 0, listenQueue: 0, maxListenQueue: 0 },
    ...{ listenQueueLen: 0, idleProcesses: 1, activeProcesses: 0, maxActiveProcesses: 0 },
    ...{ maxChildrenReached: 0, slowRequests: 0 },
  };
  const counters = { pool: "www", processManager: "static", ...zeros, processes: [] };
  const numbers = { pid: 1, startTime: 0, requests: 0, requestDuration: 0, contentLength: 0 };
  const texts = { state: "Idle", requestMethod: "-", requestUri: "-", user: "-", script: "-" };
  const process = { ...numbers, ...texts, lastRequestCpu: 0, lastRequestMemory: 0 };
  return { counters, process };
}

function metricsOf(value: PoolStatus, style: "drop-in" | "modern"): string[] {
  return textOf([poolSample(value, poolTarget("x:1"))], { style }).split("\n");
}

describe("a new field of the table", () => {
  // A user with a newline, so that a text page is read between anchors.
  it.each(formats.flatMap((format) => [[format, "bob"] as const, [format, "b\nob"] as const]))(
    "is read, shown and measured (%s, %j)",
    (format, user) => {
      const status = parseStatusPage(bytesOf(nextPage(format, user)));
      expect(status).toMatchObject({ fibersStarted: 7, slowRequests: 6, other: [], warnings: [] });
      expect(status.toJSON()).toMatchObject({ fibersStarted: 7 });
      expect(status.processes).toHaveLength(3);
      for (const process of status.processes ?? []) {
        const fields = { zone: "eu", lastRequestFibers: 3, lastRequestMemory: 2_097_152 };
        expect(process).toMatchObject({ ...fields, other: [] });
        expect(process.toJSON()).toMatchObject(fields);
      }
      expect(tableOf(status)).toMatch(/ FIBERS {2}TARGET\n.* 7 {2}x\n/);
      expect(tableOf(status)).toMatch(/ ZONE\n.* eu\n/);
      expect(metricsOf(status, "drop-in")).toEqual(
        expect.arrayContaining([
          'phpfpm_fibers_started{pool="www",scrape_uri="x:1"} 7',
          'phpfpm_process_fibers_started{pool="www",scrape_uri="x:1",child="2"} 3',
        ]),
      );
      expect(metricsOf(status, "modern")).toEqual(
        expect.arrayContaining([
          'phpfpm_fibers_started_total{pool="www",target="x:1"} 7',
          'phpfpm_process_fibers_started_total{pool="www",target="x:1",child="2"} 3',
        ]),
      );
    },
  );

  it("is written for the processes that have it", () => {
    const { counters, process } = emptyPage();
    const processes = [{ ...process, zone: "eu" }, process];
    const html = renderStatusPage({ ...counters, processes }, "html", true);
    expect(html).toContain("<th>pid</th><th>state</th><th>zone</th><th>start time</th>");
    expect(html.match(/<td>Idle<\/td><td>.*?<\/td>/g)).toEqual([
      "<td>Idle</td><td>eu</td>",
      "<td>Idle</td><td></td>",
    ]);
    const old = renderStatusPage({ ...counters, processes: [process] }, "html", true);
    expect(old).not.toContain("zone");
  });

  it("is read from an OpenMetrics page", () => {
    expect(
      parseStatusPage(bytesOf("# HELP phpfpm_up \nphpfpm_fibers_started 7\n# EOF\n")),
    ).toMatchObject({
      fibersStarted: 7,
      other: [],
    });
  });

  it.each(formats)("is missing from the pages of earlier versions (%s)", (format) => {
    const status = parseStatusPage(writePage(format, pageOf([{}, {}])));
    expect(status).toMatchObject({ other: [], warnings: [] });
    expect(status.toJSON()).not.toHaveProperty("fibersStarted");
    expect(status.processes?.[1]?.toJSON()).not.toHaveProperty("zone");
  });
});
