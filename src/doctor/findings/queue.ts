import { type Finding, FindingSeverity, placeOf, type Rule } from "../finding.js";
import { many } from "../words.js";

/** The part of the accept queue from which it is nearly full. */
const NEARLY = 0.8;

/** The accept queue: clients that it refuses, that leave it, and a backlog that the kernel cuts. */
export const queueRule: Rule = {
  codes: {
    queue_full: "The accept queue is full: the kernel refuses further clients.",
    queue_nearly_full: "The accept queue has room for few clients more.",
    queue_abandoned: "Clients have closed their connections while they waited.",
    backlog_cut: "listen.backlog is above net.core.somaxconn, which counts.",
  },
  find: (evidence) => {
    const { queue, configuration } = evidence;
    if (queue === undefined) return [];
    const { waiting, abandoned, limit, longest } = queue;
    const found: Finding[] = [];
    const backlog = configuration?.backlog;
    const isCut = backlog !== undefined && longest !== undefined && backlog > longest;
    const raise = isCut
      ? `raise net.core.somaxconn above ${longest} (sysctl), which cuts listen.backlog`
      : "raise listen.backlog, and net.core.somaxconn where it is lower";
    if (limit !== undefined && waiting > 0 && waiting >= limit * NEARLY) {
      const isFull = waiting >= limit;
      found.push({
        code: isFull ? "queue_full" : "queue_nearly_full",
        severity: isFull ? FindingSeverity.Critical : FindingSeverity.Warning,
        title: isFull
          ? `the accept queue is full: ${waiting} wait, and it holds ${limit}; further clients are refused`
          : `the accept queue is nearly full: ${waiting} of ${limit} wait`,
        evidence: [
          `listen.backlog is ${backlog}, net.core.somaxconn is ${longest}`,
          ...(isFull ? ["a web server answers 502 or 504 to those whom the kernel refuses"] : []),
        ],
        change: `free the workers first: a longer queue only makes clients wait longer; then ${raise}`,
        ...placeOf(evidence, "listen.backlog"),
      });
    } else if (isCut) {
      found.push({
        code: "backlog_cut",
        severity: FindingSeverity.Notice,
        title: `listen.backlog is ${backlog}, but the kernel allows ${longest}`,
        evidence: [`net.core.somaxconn is ${longest}`],
        change: `set net.core.somaxconn to ${backlog} (sysctl), or listen.backlog to ${longest}; then restart php-fpm`,
        ...placeOf(evidence, "listen.backlog"),
      });
    }
    if (abandoned > 0) {
      found.push({
        code: "queue_abandoned",
        severity: FindingSeverity.Warning,
        title: `${abandoned} of ${many(waiting, "waiting client has", "waiting clients have")} given up`,
        evidence: ["workers will run their requests for nobody"],
        change:
          "free the workers; or make the web server wait longer: fastcgi_read_timeout of nginx, ProxyTimeout of httpd",
        ...placeOf(evidence, "listen"),
      });
    }
    return found;
  },
};
