import { type Evidence, WaitKind, type WorkerEvidence } from "../evidence.js";
import { type Finding, FindingSeverity, placeOf, type Rule } from "../finding.js";
import { durationText, groups } from "../words.js";
import { type Load, loadOf } from "./saturation.js";

/** The part of the busy workers that is most of them. */
const MOST = 0.6;
/** The part of all workers that is busy when a pool is under pressure. */
const PRESSURE = 0.75;
const FEWEST = 3;

/** What most busy workers have in common, in a pool with few workers left. */
export const holdersRule: Rule = {
  codes: {
    one_script: "Most busy workers run one script.",
    one_backend: "Most busy workers wait for one other server.",
    one_lock: "Most busy workers wait for locks in one place, such as those of sessions.",
    one_client: "Most busy workers work for one of several client addresses.",
  },
  find: (evidence) => {
    const load = loadOf(evidence);
    if (load === undefined || !isPressed(load, evidence)) return [];
    return [
      ...scripts(load),
      ...backends(load, evidence),
      ...locks(load, evidence),
      ...clients(load, evidence),
    ];
  },
};

function isPressed({ busy, idle, waiting, workers }: Load, { configuration }: Evidence): boolean {
  const all = Math.max(configuration?.maxChildren ?? 0, busy + idle);
  return workers.length >= FEWEST && (waiting > 0 || busy >= all * PRESSURE);
}

/** The largest group of workers that had their requests at both looks, if it has most of the busy ones. */
function most(
  workers: readonly WorkerEvidence[],
  nameOf: (worker: WorkerEvidence) => string | undefined,
) {
  const [first] = groups(
    workers.filter(({ isSameRequest }) => isSameRequest),
    nameOf,
  );
  return first !== undefined && first.members.length >= workers.length * MOST ? first : undefined;
}

function scripts({ workers }: Load): Finding[] {
  const group = most(workers, ({ script }) => script);
  if (group === undefined) return [];
  const { name, members } = group;
  const ages = members.flatMap(({ requestAge }) => requestAge ?? []);
  return [
    {
      code: "one_script",
      severity: FindingSeverity.Warning,
      title: `${members.length} of ${workers.length} busy workers run ${name}`,
      evidence:
        ages.length === 0
          ? []
          : [`the oldest of these requests has run for ${durationText(Math.max(...ages))}`],
      change:
        "make this script quicker, or give it a pool of its own, so that it cannot take all workers",
      ...(name.startsWith("/") && { file: name }),
    },
  ];
}

function backends({ workers }: Load, evidence: Evidence): Finding[] {
  const group = most(workers, ({ wait }) =>
    wait?.kind === WaitKind.Connection ? wait.on : undefined,
  );
  if (group === undefined) return [];
  return [
    {
      code: "one_backend",
      severity: FindingSeverity.Warning,
      title: `${group.members.length} of ${workers.length} busy workers wait for ${group.name}`,
      evidence: ["their system calls wait for data on a connection to it"],
      change:
        "look at that server: its slow queries, its locks, its own limit of connections; and give connections to it a timeout below request_terminate_timeout",
      ...placeOf(evidence, "request_terminate_timeout"),
    },
  ];
}

function locks({ workers }: Load, evidence: Evidence): Finding[] {
  const folder = ({ wait }: WorkerEvidence) =>
    wait?.kind === WaitKind.Lock ? wait.on?.replace(/\/[^/]*$/, "") : undefined;
  const group = most(workers, folder);
  if (group === undefined) return [];
  return [
    {
      code: "one_lock",
      severity: FindingSeverity.Warning,
      title: `${group.members.length} of ${workers.length} busy workers wait for locks in ${group.name}`,
      evidence: ["requests with one session run one after the other"],
      change:
        "call session_write_close() as soon as the script has read the session, or open it with read_and_close",
      ...placeOf(evidence, "php_value[session.save_path]"),
    },
  ];
}

function clients({ workers }: Load, evidence: Evidence): Finding[] {
  const addresses = groups(workers, ({ client }) => client);
  const group = most(workers, ({ client }) => client);
  if (group === undefined || addresses.length < 2) return [];
  return [
    {
      code: "one_client",
      severity: FindingSeverity.Warning,
      title: `${group.members.length} of ${workers.length} busy workers work for ${group.name}`,
      evidence: addresses.map(({ name, members }) => `${members.length} for ${name}`),
      change: `see what ${group.name} asks for, and limit it there; listen.allowed_clients says who may connect`,
      ...placeOf(evidence, "listen.allowed_clients"),
    },
  ];
}
