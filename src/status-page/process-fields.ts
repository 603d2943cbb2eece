import { parseCount, parseStartTime } from "./page-values.js";
import { type OtherField, ProcessState, processState } from "./pool-status.js";
import { ProcessRecord } from "./status-records.js";

/** The counts of a process by their keys on the text and JSON pages. XML has `-` for the blanks. */
const counts = {
  pid: "pid",
  "start since": "startSince",
  requests: "requests",
  "request duration": "requestDuration",
  "content length": "contentLength",
  "last request memory": "lastRequestMemory",
} as const;

const texts = {
  "request method": "requestMethod",
  "request uri": "requestUri",
  // The text page spells it so.
  "request URI": "requestUri",
  user: "user",
  script: "script",
} as const;

const countNames = new Map(Object.entries(counts));
const textNames = new Map(Object.entries(texts));

/** The keys of a process on JSON and text pages, as alternatives of a pattern. */
export const knownKeys = [
  ...Object.keys(counts),
  ...Object.keys(texts),
  "state",
  "start time",
  "last request cpu",
].join("|");

/**
 * A process from the keys and values of any page. A key that is not known, or has a value that is
 * none, is kept among the others.
 */
export function processOf(fields: Iterable<OtherField>): ProcessRecord {
  const process = new ProcessRecord();
  const other: OtherField[] = [];
  for (const field of fields) {
    if (!setField(process, field)) other.push(field);
  }
  if (other.length > 0) process.other = other;
  if (process.pid === 0 || processState(process.state) === ProcessState.Creating) {
    process.requestDuration = undefined;
  }
  if (process.startTime?.getTime() === 0) {
    process.startTime = undefined;
    process.startSince = undefined;
  }
  return process;
}

function setField(process: ProcessRecord, [key, value]: OtherField): boolean {
  switch (key) {
    case "state":
      process.state = stateText(value);
      return true;
    case "start time": {
      const seconds = parseStartTime(value);
      if (!Number.isNaN(seconds)) process.startTime = new Date(seconds * 1000);
      return true;
    }
    case "last request cpu":
      process.lastRequestCpu = parsePercent(value);
      return true;
  }
  const name = countNames.get(key);
  if (name !== undefined) {
    const count = parseCount(value);
    if (count !== undefined) process[name] = count;
    return count !== undefined;
  }
  const text = textNames.get(key);
  if (text !== undefined) process[text] = value;
  return text !== undefined;
}

/** What printf made of a state without a name is the one that got its name later. */
export function stateText(text: string): string {
  return text === "(null)" ? ProcessState.Creating : text;
}

/** `0.00`; early PHP wrote the decimal point of its locale. */
function parsePercent(text: string): number | undefined {
  const percent = Number(text.replace(",", ".") || Number.NaN);
  return Number.isFinite(percent) ? Math.max(0, percent) : undefined;
}
