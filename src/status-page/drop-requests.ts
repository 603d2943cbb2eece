import { utf8Bytes } from "../bytes.js";
import { entriesOf, isText, processFields } from "./fields.js";
import { type PoolStatus, ProcessState } from "./pool-status.js";

/** The method of a process whose texts are still in its page. */
export const dropTexts = Symbol("dropTexts");

/** The texts of a process that are a part of a request. */
const requestTexts = entriesOf(processFields).flatMap(([name, { type }]) =>
  isText(type) && name !== "state" ? [name] : [],
);

/**
 * Drops all parts of requests from a status: its processes keep their numbers and states. A status
 * of a text page keeps that page in memory until then, about 600 bytes for each process.
 *
 * @returns the same status
 */
export function dropRequests(status: PoolStatus): PoolStatus {
  for (const process of status.processes ?? []) {
    const lazy = process as { [dropTexts]?: () => void };
    if (lazy[dropTexts] !== undefined) lazy[dropTexts]();
    else for (const name of requestTexts) Object.assign(process, { [name]: "" });
  }
  return status;
}

const states = Object.values(ProcessState);

/** A page of all states, for processes that have let go of their own. */
export const statePage = utf8Bytes(states.join(""));

/** Where the text of a state begins on {@link statePage}; `undefined` for the words of old versions. */
export const placesOfStates: ReadonlyMap<string, number> = new Map(
  states.map((state, index) => [state, states.slice(0, index).join("").length]),
);
