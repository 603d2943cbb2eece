import { utf8 } from "../bytes.js";
import { GatewayError } from "../errors.js";
import type { Field } from "./fields.js";
import type { OtherField, PoolStatus } from "./pool-status.js";
import { type PageText, pageText } from "./process-blocks.js";
import { COUNT, type Grammar, knownKeys, marksOf } from "./process-grammar.js";
import { readProcesses } from "./processes.js";
import { poolOf } from "./records.js";

const knownTags = knownKeys.replaceAll(" ", "-");
const tagOf = ({ key }: Field): string => key.replaceAll(" ", "-");

/**
 * @param gap the white space between two elements of a process. PHP writes none: a page that has some
 * was written again by a program that has escaped every text
 */
function grammarOf(gap: string): Grammar {
  const isRewritten = gap !== "";
  const anyElement = "[a-z-]{1,64}>[^<]{0,512}</[a-z-]{1,64}>";
  return {
    ...marksOf({
      start: `<process>${gap}`,
      open: (field) => `<${tagOf(field)}>`,
      close: (field) => `</${tagOf(field)}>`,
      separator: gap,
      values: { state: "[^<]{0,64}", date: COUNT, percent: String.raw`[-+\w.,]{1,64}` },
      other: `<(?!(?:${knownTags})>)${anyElement}${gap}`,
      last: `${gap}<${anyElement}`,
      end: String.raw`\s*</process>\s*`,
    }),
    growth: { path: isRewritten ? 6 : 1, query: 6 },
    raw: "<",
    decode: isRewritten ? unescapeEntities : (text) => text,
    decodeUri: isRewritten ? unescapeEntities : decodeUri,
    others: new RegExp(
      `<(?!(?:${knownTags}|process)>)(?<key>[a-z-]{1,64})>(?<value>[^<]{0,512})(?=<)`,
      "g",
    ),
  };
}

const phpGrammar = grammarOf("");
const firstGap = /<process>(?<gap>\s{0,64})<pid>/y;

interface PoolField {
  key?: string;
  value?: string;
  next?: string;
}

/** A field of the pool, or what follows them. No text of a client stands before the processes. */
const poolField =
  /\s*(?:<(?<next>processes|\/status)>\s*|<(?<key>[a-z-]{1,64})>(?<value>[^<]*)<\/\k<key>>)/y;

/**
 * Reads an XML status page. PHP-FPM escapes only the query, so its page is not always XML: the texts
 * of a request are found by the fixed order of the fields around them.
 *
 * @throws GatewayError `truncated`, `malformed`
 */
export function readXmlPage(bytes: Uint8Array): PoolStatus {
  const page = pageText(bytes);
  const { letters } = page;
  const { fields, end, hasProcesses } = readPool(page);
  const pool = poolOf(fields);
  if (hasProcesses) {
    const close = /<\/processes>\s*<\/status>\s*$/.exec(letters);
    if (close === null) throw unreadable(letters, letters.length);
    firstGap.lastIndex = end;
    const gap = firstGap.exec(letters)?.groups?.["gap"] ?? "";
    if (close.index === end) pool.processes = [];
    else readProcesses(pool, page, end, close.index, gap === "" ? phpGrammar : grammarOf(gap));
  } else if (end !== letters.length) {
    throw unreadable(letters, end);
  }
  return pool;
}

function readPool(page: PageText): { fields: OtherField[]; end: number; hasProcesses: boolean } {
  const { letters } = page;
  const fields: OtherField[] = [];
  const open = letters.indexOf("<status>");
  if (open < 0) throw unreadable(letters, 0);
  poolField.lastIndex = open + "<status>".length;
  for (;;) {
    const at = poolField.lastIndex;
    const match = poolField.exec(letters);
    if (match === null) throw unreadable(letters, at);
    const { key = "", value, next } = match.groups as PoolField;
    if (value === undefined) {
      return { fields, end: poolField.lastIndex, hasProcesses: next === "processes" };
    }
    const valueEnd = poolField.lastIndex - key.length - "</>".length;
    const text = utf8(page.bytes, valueEnd - value.length, valueEnd);
    fields.push([key.replaceAll("-", " "), unescapeEntities(text)]);
  }
}

function unreadable(letters: string, offset: number): GatewayError {
  return letters.trimEnd().endsWith("</status>")
    ? new GatewayError("not_a_status_page", "this XML is not a status page of PHP-FPM", { offset })
    : new GatewayError("truncated", "the XML status page ends early", { offset: letters.length });
}

/** PHP escapes the query, not the path. */
function decodeUri(uri: string): string {
  const query = uri.indexOf("?") + 1;
  return query === 0 ? uri : uri.slice(0, query) + unescapeEntities(uri.slice(query));
}

const entities = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function unescapeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|([a-z]{2,4}));/g, (whole, code?: string, name = "") => {
    if (code === undefined) return entities.get(name) ?? whole;
    return Number(code) <= 0x10ffff ? String.fromCodePoint(Number(code)) : whole;
  });
}
