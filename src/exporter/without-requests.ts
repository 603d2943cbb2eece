import { entriesOf, isText, poolFields, processFields } from "../status-page/fields.js";
import type { PoolStatus, ProcessStatus } from "../status-page/pool-status.js";
import { createPool, processOf } from "../status-page/records.js";

const poolNames = entriesOf(poolFields).map(([name]) => name);
/** All but the texts, which come from requests. */
const processNames = entriesOf(processFields)
  .filter(([name, { type }]) => name === "state" || !isText(type))
  .map(([name]) => name);

/**
 * A copy of a status that has the numbers and states of its processes but no part of a request. A
 * status keeps its page in memory, about 9 kB for a pool of five processes; the copy does not.
 */
export function withoutRequests(status: PoolStatus): PoolStatus {
  const processes = status.processes?.map((process) =>
    copy(processNames, process, processOf([]) as ProcessStatus),
  );
  return Object.assign(copy(poolNames, status, createPool()), { processes });
}

function copy<Of extends object, Name extends keyof Of>(names: readonly Name[], from: Of, to: Of) {
  for (const name of names) to[name] = from[name];
  return to;
}
