import type { Variable } from "../../cgi/variable.js";
import { visible } from "../terminal/visible.js";
import { innerLine } from "./describer.js";
import { excerpt } from "./excerpt.js";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A line a variable. Bytes that are not UTF-8 are shown escaped, in quotes. */
export function variableLines(variables: Iterable<Variable>): string[] {
  return Array.from(variables, ([name, value]) => {
    const text = typeof value === "string" ? visible(value) : bytesText(value);
    return innerLine(`${visible(name)} = ${text}`);
  });
}

function bytesText(bytes: Uint8Array): string {
  try {
    return visible(strict.decode(bytes));
  } catch {
    return excerpt(bytes, bytes.length);
  }
}
