import { diagnosePool, PoolProblem } from "../../phpfpm/diagnosis.js";
import { type Evidence, WaitKind, type WorkerEvidence } from "../evidence.js";
import { type Finding, FindingSeverity, placeOf, type Rule } from "../finding.js";
import { groups, many } from "../words.js";
import { loadOf } from "./saturation.js";

/** Clients that hold workers: they send nothing, or they do not read the answer. */
export const clientsRule: Rule = {
  codes: {
    silent_clients: "Connections that send nothing, and do not close, hold workers.",
    slow_readers: "Clients that do not read their answers hold workers.",
  },
  find: (evidence) => {
    const load = loadOf(evidence);
    if (load === undefined) return [];
    if (load.workers.length === 0) return onPage(evidence);
    const held = (kind: WaitKind) =>
      // php-fpm drops a silent client after 5 s, and then waits for the next one.
      load.workers.filter(({ wait, laterWait }) => wait?.kind === kind && laterWait?.kind === kind);
    const isMany = (workers: readonly WorkerEvidence[]) =>
      workers.length > 0 && (load.idle === 0 || workers.length * 2 >= load.busy + load.idle);
    const found: Finding[] = [];
    const shared = {
      severity: load.waiting > 0 ? FindingSeverity.Critical : FindingSeverity.Warning,
      ...placeOf(evidence, "listen"),
    };
    const waiting =
      load.waiting > 0 ? `, ${many(load.waiting, "client waits", "clients wait")}` : "";
    const silent = held(WaitKind.Client);
    if (isMany(silent)) {
      found.push({
        ...shared,
        code: "silent_clients",
        title: `held by silent clients: ${silent.length} of ${many(load.busy + load.idle, "worker waits", "workers wait")} for their client to send or to close${waiting}`,
        evidence: [
          `they waited for their clients at both looks, ${evidence.interval.toFixed(1)} s apart`,
          ...addressLines(silent),
        ],
        change:
          "find what opens connections and leaves them open: a check of the port, a load balancer, or fastcgi_keep_conn of nginx with more kept connections than pm.max_children",
      });
    }
    const readers = held(WaitKind.Answer);
    if (isMany(readers)) {
      found.push({
        ...shared,
        code: "slow_readers",
        title: `held by slow readers: ${readers.length} of ${many(load.busy + load.idle, "worker waits", "workers wait")} for their client to read the answer${waiting}`,
        evidence: addressLines(readers),
        change:
          "let the web server take the whole answer: fastcgi_buffering on in nginx, and enough room in fastcgi_temp_path",
      });
    }
    return found;
  },
};

function addressLines(workers: readonly WorkerEvidence[]): string[] {
  return groups(workers, ({ client }) => client)
    .slice(0, 3)
    .map(({ name, members }) => `${members.length} of the connections come from ${name}`);
}

/** Where the workers cannot be seen, the page and the queue tell. */
function onPage(evidence: Evidence): Finding[] {
  const { page, queue, configuration } = evidence;
  const { status } = page;
  if (evidence.workers !== undefined) return [];
  return diagnosePool({ status, queue, maxChildren: configuration?.maxChildren })
    .filter(({ problem }) => problem === PoolProblem.SilentClients)
    .map(({ text }) => ({
      code: "silent_clients",
      severity: FindingSeverity.Critical,
      title: `held by silent clients: ${text} workers`,
      evidence: ["php-fpm counts a worker as idle until its client has sent something"],
      change: "find what opens connections and sends nothing",
      ...placeOf(evidence, "listen"),
    }));
}
