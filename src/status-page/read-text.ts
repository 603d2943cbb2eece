import { utf8 } from "../bytes.js";
import { GatewayError } from "../errors.js";
import type { OtherField, PoolStatus } from "./pool-status.js";
import { type PageText, pageText } from "./process-blocks.js";
import { type Grammar, knownKeys, marksOf } from "./process-grammar.js";
import { readProcesses } from "./processes.js";
import { poolOf } from "./records.js";

/** The blank line and the stars that stand before every process. */
const separator = /\r?\n\*{24}\r?\n/g;

/**
 * Reads a text status page of any version of PHP. A text of a request may contain newlines, so it is
 * found by the fixed order of the fields around it.
 *
 * @throws GatewayError `truncated` if the page ends inside a line or a process, `malformed`
 */
export function readTextPage(bytes: Uint8Array): PoolStatus {
  const page = pageText(bytes);
  const { letters } = page;
  if (!letters.endsWith("\n")) {
    const offset = letters.length;
    throw new GatewayError("truncated", "the status page ends inside a line", { offset });
  }
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
      // A full page that was cut after its blank line.
      if (page.letters.slice(at, to).trim() === "") break;
      const message = "a line of the status page is not `key: value`";
      throw new GatewayError("not_a_status_page", message, { offset: at });
    }
    const { key, value } = match.groups as { key: string; value: string };
    const end = poolField.lastIndex;
    fields.push([key, utf8(page.bytes, end - value.length, end)]);
    lastKey = key;
    at = page.letters.indexOf("\n", end) + 1;
  }
  return { fields, lastKey };
}

/**
 * Makes the grammar of this page, with marks as long as possible: PHP pads keys to one column, and a
 * proxy may have changed the line ends. The pid of the first process shows both, and no text of a
 * client stands before it.
 */
function grammarOf(letters: string, from: number): Grammar {
  const newline = letters[from] === "\r" ? "\r\n" : "\n";
  const firstPid = /pid:[ \t]*/y;
  firstPid.lastIndex = from + 2 * newline.length + 24;
  const column = firstPid.exec(letters)?.[0].length ?? 0;
  const marks = marksOf({
    start: `${newline}\\*{24}${newline}`,
    open: ({ key, textKey = key }) => `${textKey}:`.padEnd(Math.max(column, textKey.length + 2)),
    close: () => newline,
    separator: "",
    values: { state: "[^\\r\\n]{0,64}", date: "[^\\r\\n]{1,64}", percent: "[-+\\w.,]{1,64}" },
    other: `(?!(?:${knownKeys}):)[^\\r\\n:*]{1,64}:[^\\r\\n]*${newline}`,
    last: `[a-z][^\\r\\n:*]{0,63}:[^\\r\\n]*${newline}`,
    end: "",
  });
  return {
    ...marks,
    growth: { path: 1, query: 1 },
    raw: "\n",
    decodeUri: (uri) => uri,
    decode: (text) => text,
    others: otherLine,
  };
}
