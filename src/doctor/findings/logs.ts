import type { Evidence } from "../evidence.js";
import { type Finding, FindingSeverity, placeIn, placeOf, type Rule } from "../finding.js";
import { durationText, groups, many, sizeText } from "../words.js";
import { eventsOf, lastLine } from "./workers.js";

/** What php-fpm's own logs warn of. */
export const logsRule: Rule = {
  codes: {
    max_children_reached: "php-fpm has wanted more workers than pm.max_children in the last hour.",
    spawns_late: "php-fpm has started workers in a hurry: too few of them were idle.",
    slow_requests: "Requests were slower than request_slowlog_timeout in the last hour.",
    requests_terminated: "request_terminate_timeout has ended requests in the last hour.",
    memory_limit_reached: "PHP has ended requests that needed more than memory_limit.",
  },
  find: (evidence) => [
    ...limitReached(evidence),
    ...spawnsLate(evidence),
    ...slowRequests(evidence),
    ...terminated(evidence),
    ...memoryLimitReached(evidence),
  ],
};

function limitReached(evidence: Evidence): Finding[] {
  const events = eventsOf(evidence, "max_children");
  if (events.length === 0) return [];
  const count = evidence.page.status?.maxChildrenReached;
  return [
    {
      code: "max_children_reached",
      severity: FindingSeverity.Warning,
      title: `pm.max_children was reached ${many(events.length, "time", "times")} in the last hour`,
      evidence: [
        lastLine(events),
        ...(count === undefined ? [] : [`${count} times since the start, by the status page`]),
      ],
      change: "raise pm.max_children if memory allows, or make requests quicker",
      ...placeOf(evidence, "pm.max_children"),
    },
  ];
}

function spawnsLate(evidence: Evidence): Finding[] {
  const events = eventsOf(evidence, "seems_busy");
  const [first] = events;
  if (first === undefined) return [];
  return [
    {
      code: "spawns_late",
      severity: FindingSeverity.Warning,
      title: `php-fpm has started workers in a hurry ${many(events.length, "time", "times")} in the last hour`,
      evidence: [
        lastLine(events),
        `up to ${Math.max(...events.map(({ detail }) => Number(detail)))} at once`,
      ],
      change: "raise pm.start_servers, pm.min_spare_servers and pm.max_spare_servers",
      ...placeOf(evidence, "pm.min_spare_servers"),
    },
  ];
}

function slowRequests(evidence: Evidence): Finding[] {
  const entries = evidence.log.slow ?? [];
  if (entries.length === 0) {
    return [];
  }
  const { requestSlowlogTimeout = 0 } = evidence.configuration ?? {};
  const places = groups(entries, ({ script, call, source }) =>
    source === undefined ? script : `${script}, in ${call}() at ${source}`,
  );
  const [worst] = places;
  return [
    {
      code: "slow_requests",
      severity: FindingSeverity.Warning,
      title: `${many(entries.length, "request was", "requests were")} slower than ${durationText(requestSlowlogTimeout / 1_000)} in the last hour`,
      evidence: [
        ...places.slice(0, 5).map(({ name, members }) => `${members.length} × ${name}`),
        lastLine(entries),
      ],
      change: "make the calls that the slow log names quicker",
      ...placeIn(worst?.members[0]?.source ?? worst?.members[0]?.script),
    },
  ];
}

function terminated(evidence: Evidence): Finding[] {
  const events = eventsOf(evidence, "terminated");
  if (events.length === 0) return [];
  return [
    {
      code: "requests_terminated",
      severity: FindingSeverity.Warning,
      title: `request_terminate_timeout has ended ${many(events.length, "request", "requests")} in the last hour`,
      evidence: [
        ...groups(events, ({ detail }) => detail)
          .slice(0, 5)
          .map(({ name, members }) => `${members.length} × ${name}`),
        lastLine(events),
      ],
      change:
        "make these scripts quicker, or run such work outside of requests; their clients get an error 502",
      ...placeOf(evidence, "request_terminate_timeout"),
    },
  ];
}

function memoryLimitReached(evidence: Evidence): Finding[] {
  const { log, frontEnds } = evidence;
  const events = [...log.memoryLimits, ...frontEnds.flatMap(({ memoryLimits }) => memoryLimits)];
  if (events.length === 0) return [];
  const limits = [...new Set(events.map(({ limit }) => limit))].map(sizeText);
  const places = groups(events, ({ source }) => source);
  return [
    {
      code: "memory_limit_reached",
      severity: FindingSeverity.Warning,
      title: `memory_limit of ${limits.slice(0, 3).join(", ")} has ended ${many(events.length, "request", "requests")} in the last hour`,
      evidence: [
        ...places.slice(0, 5).map(({ name, members }) => `${members.length} × ${name}`),
        lastLine(events),
      ],
      change:
        "make these scripts use less memory; or raise memory_limit, if pm.max_children times as much fits into memory",
      ...placeOf(evidence, "php_admin_value[memory_limit]"),
    },
  ];
}
