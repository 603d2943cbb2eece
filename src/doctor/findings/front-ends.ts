import type { Evidence, FrontEndEvent, FrontEndEvidence } from "../evidence.js";
import { type Finding, FindingSeverity, placeIn, placeOf, type Rule } from "../finding.js";
import { many } from "../words.js";
import { lastLine } from "./workers.js";

/** What the web servers in front of the pool met. */
export const frontEndsRule: Rule = {
  codes: {
    web_server_denied: "The user of a web server may not connect to the pool's socket.",
    web_server_refused: "The pool's full accept queue has refused a web server in the last hour.",
    web_server_timeouts: "A web server has given up waiting for answers in the last hour.",
    web_server_errors: "Workers have broken off answers to a web server in the last hour.",
    web_server_down: "A web server has found nothing listening in the last hour.",
  },
  find: (evidence) => evidence.frontEnds.flatMap((frontEnd) => findingsOf(frontEnd, evidence)),
};

function findingsOf(frontEnd: FrontEndEvidence, evidence: Evidence): Finding[] {
  const { name, source, user, closed } = frontEnd;
  const found: Finding[] = [];
  const named = `${source} passes requests to the pool`;
  const denials = frontEnd.events.filter(({ kind }) => kind === "denied");
  const { aclUsers, aclGroups } = evidence.configuration ?? {};
  const hasList = aclUsers !== undefined || aclGroups !== undefined;
  if ((closed !== undefined && !hasList) || denials.length > 0) {
    found.push({
      code: "web_server_denied",
      severity: FindingSeverity.Critical,
      title: `${name} may not connect${closed === undefined ? "" : `: ${closed} is closed to user ${user}`}`,
      evidence: [named, ...countLines(denials, `${name} logged`, "Permission denied")],
      change:
        "set listen.owner, listen.group and listen.mode = 0660 so that the web server's user may write to the socket, open the folders on the way, and restart php-fpm",
      ...placeOf(evidence, "listen.mode"),
    });
  }
  for (const { kind, code, severity, title, change } of kinds) {
    const events = frontEnd.events.filter((event) => event.kind === kind);
    if (events.length === 0) continue;
    found.push({
      code,
      severity,
      title: `${name} ${title} ${many(events.length, "time", "times")} in the last hour`,
      evidence: [named, lastLine(events)],
      change,
      ...placeIn(source),
    });
  }
  return found;
}

function countLines(events: readonly FrontEndEvent[], who: string, what: string): string[] {
  if (events.length === 0) return [];
  return [`${who} "${what}" ${many(events.length, "time", "times")}, ${lastLine(events)}`];
}

interface EventKind extends Pick<Finding, "code" | "severity" | "title" | "change"> {
  readonly kind: FrontEndEvent["kind"];
}

const kinds: readonly EventKind[] = [
  {
    kind: "queue_full",
    code: "web_server_refused",
    severity: FindingSeverity.Critical,
    title: "was refused by the full accept queue",
    change:
      "free workers or raise pm.max_children; then raise listen.backlog and net.core.somaxconn",
  },
  {
    kind: "timed_out",
    code: "web_server_timeouts",
    severity: FindingSeverity.Warning,
    title: "gave up waiting for an answer",
    change:
      "make the requests quicker; the worker goes on after its client has left, so set request_terminate_timeout near fastcgi_read_timeout or ProxyTimeout",
  },
  {
    kind: "broken_off",
    code: "web_server_errors",
    severity: FindingSeverity.Warning,
    title: "got an answer that was broken off",
    change: "see php-fpm's log for workers that ended at that time, and request_terminate_timeout",
  },
  {
    kind: "down",
    code: "web_server_down",
    severity: FindingSeverity.Warning,
    title: "found nothing listening",
    change:
      "see why php-fpm was down at that time: its log, or a restart; a reload keeps the socket open",
  },
];
