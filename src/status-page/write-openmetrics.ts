import type { PoolCounters } from "./pool-counters.js";
import { secondsSince, withoutControls } from "./write-fields.js";

/** The OpenMetrics page in PHP-FPM's layout, its order of HELP and TYPE included. */
export function statusOpenMetrics(counters: PoolCounters): string {
  const { pool, processManager } = counters;
  const total = counters.idleProcesses + counters.activeProcesses;
  const up = `Could pool ${pool} using a ${processManager} PM on PHP-FPM be reached?`;
  const metrics = [
    metric("up", "gauge", up, 1),
    metric(
      "start_since",
      "counter",
      "The number of seconds since FPM has started.",
      secondsSince(counters.startTime, counters.now),
    ),
    metric(
      "accepted_connections",
      "counter",
      "The number of requests accepted by the pool.",
      counters.acceptedConn,
    ),
    metric(
      "listen_queue",
      "gauge",
      "The number of requests in the queue of pending connections.",
      counters.listenQueue,
    ),
    metric(
      "max_listen_queue",
      "counter",
      "The maximum number of requests in the queue of pending connections since FPM has started.",
      counters.maxListenQueue,
    ),
    metric(
      "listen_queue_length",
      "gauge",
      "The size of the socket queue of pending connections.",
      counters.listenQueueLen,
      "type first",
    ),
    metric("idle_processes", "gauge", "The number of idle processes.", counters.idleProcesses),
    metric(
      "active_processes",
      "gauge",
      "The number of active processes.",
      counters.activeProcesses,
    ),
    metric("total_processes", "gauge", "The number of idle + active processes.", total),
    metric(
      "max_active_processes",
      "counter",
      "The maximum number of active processes since FPM has started.",
      counters.maxActiveProcesses,
    ),
    metric(
      "max_children_reached",
      "counter",
      "The number of times, the process limit has been reached, when pm tries to start more children (works only for pm 'dynamic' and 'ondemand').",
      counters.maxChildrenReached,
    ),
    metric(
      "slow_requests",
      "counter",
      "The number of requests that exceeded your 'request_slowlog_timeout' value.",
      counters.slowRequests,
    ),
  ];
  return `${metrics.join("")}# EOF\n`;
}

function metric(
  name: string,
  type: "gauge" | "counter",
  help: string,
  value: number,
  order: "help first" | "type first" = "help first",
): string {
  const helpLine = `# HELP phpfpm_${name} ${withoutControls(help).replaceAll("\\", "\\\\")}\n`;
  const typeLine = `# TYPE phpfpm_${name} ${type}\n`;
  const head = order === "help first" ? helpLine + typeLine : typeLine + helpLine;
  return `${head}phpfpm_${name} ${value}\n`;
}
