import type { Engine } from "../engine/engine.js";
import { GatewayError } from "../errors.js";
import { readText } from "./page-values.js";
import { poolOf } from "./pool-fields.js";
import type { OtherField, PoolStatus } from "./pool-status.js";
import { knownKeys } from "./process-fields.js";
import { type Grammar, type PageText, pageText } from "./process-grammar.js";
import { readProcesses } from "./processes.js";
import { readStandardPage } from "./read-text-standard.js";

const NEWLINE = 0x0a;

/**
 * Reads a text status page. What PHP 5.4 and later write for requests that mean no harm is read by
 * the engine in one go; pages of other versions, and those where a text has a newline, line
 * by line between anchors.
 *
 * @throws GatewayError `truncated` where the page ends inside a line or a process, `malformed`
 */
export function parseTextPage(page: Uint8Array, engine: Engine): PoolStatus {
  if (page[page.length - 1] !== NEWLINE) {
    const offset = page.length;
    throw new GatewayError("truncated", "the status page ends inside a line", { offset });
  }
  return readStandardPage(page, engine) ?? readAnyPage(pageText(page));
}

/** The blank line and the stars that stand before every process. */
const separator = /\r?\n\*{24}\r?\n/g;

function readAnyPage(page: PageText): PoolStatus {
  const { letters } = page;
  separator.lastIndex = 0;
  const from = separator.exec(letters)?.index ?? letters.length;
  const { fields, lastKey } = readPool(page, from);
  const pool = poolOf(fields);
  if (pool.totalProcesses === undefined) throw cut(letters);
  if (from < letters.length) {
    readProcesses(pool, page, from, letters.length, grammarOf(letters, from));
  } else if (/\n\r?\n$/.test(letters)) {
    throw cut(letters);
  } else if (pool.startSince !== undefined && pool.slowRequests === undefined) {
    pool.warnings = [`the page ends at "${lastKey}": an early PHP wrote it, or it was cut there`];
  }
  return pool;
}

function cut(letters: string): GatewayError {
  const offset = letters.length;
  return new GatewayError("truncated", "the text status page ends early", { offset });
}

const otherLine = new RegExp(
  String.raw`(?<=\n)(?!(?:${knownKeys}):)(?<key>[^\r\n:]{1,64}):[ \t]*(?<value>[^\r\n]*)`,
  "g",
);

/** `key: value` and the end of the line. */
const poolField = /(?<key>[^\r\n:]{1,64}):[ \t]*(?<value>[^\r\n]*)(?=\r?\n)/y;

function readPool(page: PageText, to: number): { fields: OtherField[]; lastKey: string } {
  const fields: OtherField[] = [];
  let lastKey = "";
  let at = 0;
  while (at < to) {
    poolField.lastIndex = at;
    const match = poolField.exec(page.letters);
    if (match === null) {
      // A full page that was cut behind its blank line.
      if (page.letters.slice(at, to).trim() === "") break;
      const message = "a line of the status page is not `key: value`";
      throw new GatewayError("malformed", message, { offset: at });
    }
    const { key, value } = match.groups as { key: string; value: string };
    const end = poolField.lastIndex;
    fields.push([key, readText(page.bytes, end - value.length, end)]);
    lastKey = key;
    at = page.letters.indexOf("\n", end) + 1;
  }
  return { fields, lastKey };
}

/**
 * The grammar in the spelling of this page, so that its marks are as long as they can be: PHP
 * fills every key up to one column, and a proxy may have changed the ends of the lines. The pid of
 * the first process shows both; no foreign text stands before it.
 */
function grammarOf(letters: string, from: number): Grammar {
  const newline = letters[from] === "\r" ? "\r\n" : "\n";
  const firstPid = /pid:[ \t]*/y;
  firstPid.lastIndex = from + 2 * newline.length + 24;
  const column = firstPid.exec(letters)?.[0].length ?? 0;
  const mark = (key: string): string => `${key}:`.padEnd(Math.max(column, key.length + 2));
  const otherKey = `(?!(?:${knownKeys}):)[^\\r\\n:*]{1,64}:`;
  const others = `(?:${otherKey}[^\\r\\n]*${newline}){0,8}`;
  const count = String.raw`-?\d{1,20}`;
  return {
    head: new RegExp(
      [
        `${newline}\\*{24}${newline}${mark("pid")}(?<pid>\\d{1,10})${newline}`,
        `${mark("state")}(?<state>[^\\r\\n]{0,64})${newline}`,
        `${mark("start time")}(?<startTime>[^\\r\\n]{1,64})${newline}`,
        `${mark("start since")}(?<startSince>${count})${newline}`,
        `${mark("requests")}(?<requests>${count})${newline}`,
        `${mark("request duration")}(?<duration>${count})${newline}`,
        mark("request method"),
      ].join(others),
      "g",
    ),
    beforeUri: newline + mark("request URI"),
    beforeUser: new RegExp(
      `${newline}${mark("content length")}(?<length>${count})${newline}${others}${mark("user")}`,
      "g",
    ),
    beforeScript: newline + mark("script"),
    beforeTail: [newline + mark("last request cpu"), newline + mark("last request memory")],
    tail: new RegExp(
      [
        `${newline}(?:${mark("last request cpu")}(?<cpu>[-+\\w.,]{1,64})${newline})?`,
        `${mark("last request memory")}(?<memory>${count})${newline}`,
        `(?:[a-z][^\\r\\n:*]{0,63}:[^\\r\\n]*${newline}){0,8}`,
      ].join(""),
      "y",
    ),
    growth: { path: 1, query: 1 },
    raw: "\n",
    decodeUri: (uri) => uri,
    decode: (text) => text,
    others: otherLine,
  };
}
