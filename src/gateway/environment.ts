import { readFileSync } from "node:fs";
import { latin1, utf8 } from "../bytes.js";
import type { Variable } from "../cgi/variable.js";

/** An environment as Node has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that a CGI program is started with. Node reads them as UTF-8: where that loses
 * bytes of this process's own environment, Linux is asked for them.
 */
export function environmentVariables(environment: Environment = process.env): Variable[] {
  const variables: Variable[] = [];
  let raw: ReadonlyMap<string, Uint8Array> | undefined;
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || name === "") continue;
    const isLossy = environment === process.env && value.includes("\ufffd");
    if (isLossy) raw ??= rawEnvironment();
    const bytes = isLossy ? raw?.get(name) : undefined;
    variables.push([name, bytes !== undefined && utf8(bytes) === value ? bytes : value]);
  }
  return variables;
}

function rawEnvironment(): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let bytes: Uint8Array;
  try {
    bytes = readFileSync("/proc/self/environ");
  } catch {
    return found;
  }
  for (let start = 0; start < bytes.length; ) {
    const nul = bytes.indexOf(0, start);
    const end = nul < 0 ? bytes.length : nul;
    const equals = bytes.indexOf(0x3d, start);
    if (equals > start && equals < end) {
      found.set(latin1(bytes, start, equals), bytes.subarray(equals + 1, end));
    }
    start = end + 1;
  }
  return found;
}
