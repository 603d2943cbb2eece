import { describe, expect, it } from "vitest";
import type { Sample } from "../../../src/exporter/sample.js";
import { parseStatusPage } from "../../../src/status-page/read-page.js";
import { createPool, processOf, type WritablePool } from "../../../src/status-page/records.js";
import { fixture } from "../../fixtures.js";
import { failedSample, poolSample, poolTarget, textOf } from "./samples.js";

const fields = {
  pool: 'w"w\\w\n',
  startSince: 3_600,
  acceptedConn: 120,
  listenQueue: 1,
  maxListenQueue: 2,
  listenQueueLen: 128,
  idleProcesses: 3,
  activeProcesses: 1,
  totalProcesses: 4,
  maxActiveProcesses: 4,
  maxChildrenReached: 0,
  slowRequests: 5,
  memoryPeak: 2_097_152,
};

const target = poolTarget("unix:/run/php/www.sock:/status");

function ok(more: Partial<WritablePool> = {}): Sample {
  return poolSample(Object.assign(createPool(), fields, more), target);
}

const failed = failedSample(poolTarget("127.0.0.1:9000/status"));

const secret = "/reset?token=secret";
const process = Object.assign(processOf([]), {
  pid: 17,
  state: "Getting request information",
  requests: 9,
  requestDuration: 1_500,
  requestUri: secret,
  user: "bob",
  script: "/srv/index.php",
  lastRequestCpu: 12.5,
  lastRequestMemory: 4_096,
});

const text = (...samples: Sample[]) => textOf(samples);

describe("S0.10 the Prometheus form", () => {
  it("has the metrics of php-fpm_exporter, with its names, types and labels", () => {
    const labels = '{pool="w\\"w\\\\w\\n",scrape_uri="unix:/run/php/www.sock:/status"}';
    const lines = text(ok())
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("# HELP"));
    expect(lines).toEqual([
      "# TYPE phpfpm_up gauge",
      `phpfpm_up${labels} 1`,
      "# TYPE phpfpm_scrape_failures counter",
      `phpfpm_scrape_failures${labels} 0`,
      "# TYPE phpfpm_scrape_duration_seconds gauge",
      `phpfpm_scrape_duration_seconds${labels} 0.004`,
      "# TYPE phpfpm_start_since counter",
      `phpfpm_start_since${labels} 3600`,
      "# TYPE phpfpm_accepted_connections counter",
      `phpfpm_accepted_connections${labels} 120`,
      "# TYPE phpfpm_listen_queue gauge",
      `phpfpm_listen_queue${labels} 1`,
      "# TYPE phpfpm_max_listen_queue counter",
      `phpfpm_max_listen_queue${labels} 2`,
      "# TYPE phpfpm_listen_queue_length gauge",
      `phpfpm_listen_queue_length${labels} 128`,
      "# TYPE phpfpm_idle_processes gauge",
      `phpfpm_idle_processes${labels} 3`,
      "# TYPE phpfpm_active_processes gauge",
      `phpfpm_active_processes${labels} 1`,
      "# TYPE phpfpm_total_processes gauge",
      `phpfpm_total_processes${labels} 4`,
      "# TYPE phpfpm_max_active_processes counter",
      `phpfpm_max_active_processes${labels} 4`,
      "# TYPE phpfpm_max_children_reached counter",
      `phpfpm_max_children_reached${labels} 0`,
      "# TYPE phpfpm_slow_requests counter",
      `phpfpm_slow_requests${labels} 5`,
      "# TYPE phpfpm_memory_peak gauge",
      `phpfpm_memory_peak${labels} 2097152`,
    ]);
  });

  it("has only the failure of a target that failed", () => {
    const labels = 'pool="",scrape_uri="127.0.0.1:9000/status"';
    expect(
      text(failed)
        .split("\n")
        .filter((line) => /^[^#]/.test(line)),
    ).toEqual([
      `phpfpm_up{${labels}} 0`,
      `phpfpm_scrape_failures{${labels}} 1`,
      `phpfpm_scrape_error{${labels},reason="refused"} 1`,
      `phpfpm_scrape_duration_seconds{${labels}} 0.004`,
    ]);
  });

  it("keeps all values of a metric together", () => {
    const names = text(ok(), failed, ok())
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => /^(?:# \w+ )?(\w+)/.exec(line)?.[1]);
    const groups = names.filter((name, index) => name !== names[index - 1]);
    expect(groups).toHaveLength(new Set(groups).size);
  });

  it("leaves out what the page does not have", () => {
    expect(text(ok({ memoryPeak: undefined }))).not.toContain("memory_peak");
  });

  it("has each process by its index, in one of six states", () => {
    const lines = text(ok({ pool: "www", processes: [process] }))
      .split("\n")
      .filter((line) => line.startsWith("phpfpm_process"));
    const labels = 'pool="www",scrape_uri="unix:/run/php/www.sock:/status",child="0"';
    expect(lines).toEqual([
      `phpfpm_process_requests{${labels}} 9`,
      `phpfpm_process_request_duration{${labels}} 1500`,
      `phpfpm_process_last_request_cpu{${labels}} 12.5`,
      `phpfpm_process_last_request_memory{${labels}} 4096`,
      `phpfpm_process_state{${labels},state="Idle"} 0`,
      `phpfpm_process_state{${labels},state="Running"} 0`,
      `phpfpm_process_state{${labels},state="Finishing"} 0`,
      `phpfpm_process_state{${labels},state="Reading headers"} 0`,
      `phpfpm_process_state{${labels},state="Getting request informations"} 0`,
      `phpfpm_process_state{${labels},state="Ending"} 0`,
      `phpfpm_process_state{${labels},state="Getting request information"} 1`,
    ]);
  });

  it("has the state but no duration of a process that is being created", () => {
    const { processes } = parseStatusPage(fixture("fpm-cases/slot-without-process.txt"));
    const lines = text(ok({ pool: "www", processes })).split("\n");
    const durations = lines.filter((line) => line.startsWith("phpfpm_process_request_duration{"));
    expect(durations.map((line) => line.replace(/^.*child=/, ""))).toEqual([
      '"1"} 36',
      '"2"} 1284',
      '"3"} 764',
    ]);
    const creating = lines.filter((line) => line.includes('state="Creating"'));
    expect(creating.map((line) => line.replace(/^.*child=/, ""))).toEqual([
      '"0",state="Creating"} 1',
    ]);
    expect(lines.join("\n")).not.toMatch(/1497583779|1795936165/);
  });

  it("contains no part of a request", () => {
    const all = text(ok({ processes: [process] }));
    for (const word of ["secret", "bob", "index.php"]) expect(all).not.toContain(word);
  });
});
