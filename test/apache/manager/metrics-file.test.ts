import { describe, expect, it } from "vitest";
import {
  formatMetrics,
  type MetricsData,
  zabbixDiscovery,
} from "../../../src/apache/manager/metrics-file.js";
import { reportLines } from "../../../src/apache/manager/report.js";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { fixture, least, pageOf } from "../fixtures.js";

const status = parseServerStatus(fixture("event-loaded--auto.txt"));
const data: MetricsData = {
  status,
  responded: true,
  workersHanging: 2,
  workersKilledActive: 1,
  workersKilledIdle: 0,
  memory: {
    native: [4_308_992, 4_268_032, 4_288_512],
    groups: new Map([
      ["shop", [5_000_000, 6_000_001]],
      ["it's", [7]],
    ]),
  },
};

describe("the metrics file", () => {
  it("S1.82 S1.83 has these bytes", () => {
    expect(formatMetrics(data)).toBe(
      [
        "# Global Apache server metrics.",
        "busy-workers\t17",
        "bytes-per-request\t335.953",
        "bytes-per-second\t11561.5",
        "cpu-load\t0.179949",
        "idle-workers\t15",
        "requests-per-second\t34.4139",
        "total-accesses\t13387",
        "total-traffic\t4497408",
        "uptime\t389",
        "",
        "# Metrics internal to apache-manager.",
        "status-response\t0",
        "workers-hanging\t2",
        "workers-killed-active\t1",
        "workers-killed-idle\t0",
        "",
        "# Memory usage of native Apache worker processes.",
        "memory-usage\tnative\tcount\t3",
        "memory-usage\tnative\tmin\t4268032",
        "memory-usage\tnative\tmax\t4308992",
        "memory-usage\tnative\taverage\t4288512.0",
        "memory-usage\tnative\tmedian\t4288512",
        "",
        `# Memory usage of "it's" WSGI worker processes.`,
        "memory-usage\tit's\tcount\t1",
        "memory-usage\tit's\tmin\t7",
        "memory-usage\tit's\tmax\t7",
        "memory-usage\tit's\taverage\t7.0",
        "memory-usage\tit's\tmedian\t7",
        "",
        "# Memory usage of 'shop' WSGI worker processes.",
        "memory-usage\tshop\tcount\t2",
        "memory-usage\tshop\tmin\t5000000",
        "memory-usage\tshop\tmax\t6000001",
        "memory-usage\tshop\taverage\t5500000.5",
        "memory-usage\tshop\tmedian\t5500000.5",
        "",
      ].join("\n"),
    );
  });

  it("S1.83 prints small and whole floats as Python does", () => {
    const page = pageOf("CPULoad: 2.03794e-5", "BytesPerReq: 119136", "ReqPerSec: 11", ...least);
    const text = formatMetrics({ ...data, status: parseServerStatus(page) });
    expect(text).toContain("\ncpu-load\t2.03794e-05\n");
    expect(text).toContain("\nbytes-per-request\t119136.0\n");
    expect(text).toContain("\nrequests-per-second\t11.0\n");
  });

  it("S1.33 has 0 for a metric that the page lacks, as Python prints it", () => {
    const text = formatMetrics({ ...data, status: parseServerStatus(pageOf(...least)) });
    expect(text.split("\n").slice(1, 10)).toEqual([
      "busy-workers\t1",
      "bytes-per-request\t0.0",
      "bytes-per-second\t0.0",
      "cpu-load\t0.0",
      "idle-workers\t2",
      "requests-per-second\t0.0",
      "total-accesses\t0",
      "total-traffic\t0",
      "uptime\t0",
    ]);
  });

  it("S1.21 S1.82 says whether the page was read", () => {
    const line = (responded: boolean | undefined) =>
      /^status-response\t(.*)$/m.exec(formatMetrics({ ...data, responded }))?.[1];
    expect([line(true), line(false), line(undefined)]).toEqual(["0", "1", "None"]);
  });

  it("S1.84 is written without metrics of the server if the page was not read", () => {
    const memory = { native: [], groups: new Map() };
    const text = formatMetrics({ ...data, status: undefined, responded: false, memory });
    expect(text).toContain("# Global Apache server metrics.\n\n# Metrics internal");
    expect(text).toContain("\nstatus-response\t1\n");
    expect(text).not.toContain("busy-workers");
  });

  it("says nothing about memory that is unknown", () => {
    const text = formatMetrics({ ...data, memory: undefined });
    expect(text).not.toMatch(/memory/i);
    expect(text).toMatch(/\nworkers-killed-idle\t0\n$/);
  });

  it("S1.63 has zeros if there are no workers", () => {
    const text = formatMetrics({ ...data, memory: { native: [], groups: new Map() } });
    expect(text.split("\n").slice(-6)).toEqual([
      "memory-usage\tnative\tcount\t0",
      "memory-usage\tnative\tmin\t0",
      "memory-usage\tnative\tmax\t0",
      "memory-usage\tnative\taverage\t0.0",
      "memory-usage\tnative\tmedian\t0",
      "",
    ]);
  });

  it("S1.I has the counts of apache-manager 2 on request", () => {
    const text = formatMetrics({ ...data, workerCounts: { foreign: 1, native: 9 } });
    expect(text).toContain(
      "# Metrics internal to apache-manager.\nforeign-worker-count\t1\nnative-worker-count\t9\nstatus-response\t0\n",
    );
  });

  it("does not let the title of a process write a metric", () => {
    const groups = new Map([["a\nuptime\t1", [5]]]);
    const text = formatMetrics({ ...data, memory: { native: [], groups } });
    expect(text).toContain("# Memory usage of 'a\\nuptime\\t1' WSGI worker processes.\n");
    expect(text).toContain("\nmemory-usage\ta?uptime?1\tcount\t1\n");
  });
});

describe("Zabbix's discovery", () => {
  it.each([
    [[], '{"data": [{"{#NAME}": "native"}]}'],
    [["group-one"], '{"data": [{"{#NAME}": "native"}, {"{#NAME}": "group-one"}]}'],
    [
      ["b", "a", "Z", "b"],
      '{"data": [{"{#NAME}": "native"}, {"{#NAME}": "Z"}, {"{#NAME}": "a"}, {"{#NAME}": "b"}]}',
    ],
  ])("S1.85 of %j has these bytes", (groups, text) => expect(zabbixDiscovery(groups)).toBe(text));
});

describe("the report for people", () => {
  it("S1.81 has these lines", () => {
    expect(
      reportLines({ status, memory: { native: data.memory?.native ?? [], groups: new Map() } }),
    ).toEqual([
      "Server metrics:",
      " - Busy workers: 17",
      " - Bytes per request: 335.953 bytes",
      " - Bytes per second: 11.56 KB",
      " - Cpu load: 0.2%",
      " - Idle workers: 15",
      " - Requests per second: 34.4139",
      " - Total accesses: 13387",
      " - Total traffic: 4.5 MB",
      " - Uptime: 6 minutes and 29 seconds",
      "",
      "Memory usage of Apache workers (3 workers):",
      " - Minimum: 4.27 MB",
      " - Average: 4.29 MB",
      " - Maximum: 4.31 MB",
    ]);
  });

  it("has no section of memory that is unknown", () => {
    expect(reportLines({ status, memory: undefined }).join()).not.toContain("Memory");
  });

  it("S1.81 has a section for each process group", () => {
    const lines = reportLines({ status, memory: data.memory });
    expect(lines.filter((line) => line.endsWith(":"))).toEqual([
      "Server metrics:",
      "Memory usage of main Apache workers (3 workers):",
      "Memory usage of WSGI process group 'it's' (1 worker):",
      "Memory usage of WSGI process group 'shop' (2 workers):",
    ]);
    expect(lines.slice(-4)).toEqual([
      "Memory usage of WSGI process group 'shop' (2 workers):",
      " - Minimum: 5 MB",
      " - Average: 5.5 MB",
      " - Maximum: 6 MB",
    ]);
  });

  it("S1.33 S1.63 shows zeros for missing values", () => {
    const lines = reportLines({
      status: parseServerStatus(pageOf(...least)),
      memory: { native: [], groups: new Map([["\x1b[2J", [1]]]) },
    });
    expect(lines.slice(0, 10)).toEqual([
      "Server metrics:",
      " - Busy workers: 1",
      " - Bytes per request: 0.0 bytes",
      " - Bytes per second: 0.0 bytes",
      " - Cpu load: 0.0%",
      " - Idle workers: 2",
      " - Requests per second: 0.0",
      " - Total accesses: 0",
      " - Total traffic: 0 bytes",
      " - Uptime: 0 seconds",
    ]);
    expect(lines).toContain("Memory usage of main Apache workers (0 workers):");
    expect(lines.join("\n")).not.toContain("\x1b");
  });
});
