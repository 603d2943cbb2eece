import { ErrorCode, GatewayError } from "../errors.js";
import type { TappedRequest } from "./tapped-request.js";

/** The fields that a filter compares, as texts or as numbers. */
const fields = new Map<string, (request: TappedRequest) => string | number | undefined>([
  ["status", ({ status }) => status],
  ["time", ({ elapsed }) => elapsed],
  ["first", ({ firstByte }) => firstByte],
  ["bytes", ({ received }) => received],
  ["body", ({ sent }) => sent],
  ["connection", ({ connection }) => connection],
  ["method", ({ method }) => method],
  ["uri", ({ uri }) => uri],
  ["script", ({ script }) => script],
  ["stderr", ({ stderr }) => stderr],
  ["outcome", ({ outcome }) => outcome],
]);
const texts: ReadonlySet<string> = new Set(["method", "uri", "script", "stderr", "outcome"]);

/** The names of the fields, for help texts. */
export const filterFields: readonly string[] = [...fields.keys()];

/** Says whether to show a request. */
export type RequestFilter = (request: TappedRequest) => boolean;

/**
 * Reads a condition on one field: `status>=500`, `method=POST`, `uri=/api/*`, `script!=*.php`. Numbers
 * compare by `=`, `!=`, `<`, `<=`, `>` and `>=`, times in milliseconds; texts by `=` and `!=`, in which
 * `*` stands for any characters.
 *
 * @throws GatewayError `bad_input`
 */
export function parseFilter(text: string): RequestFilter {
  const [, name = "", operator = "", value = ""] =
    /^\s*([a-z]+)\s*(<=|>=|!=|=|<|>)(.*)$/s.exec(text) ?? [];
  const field = fields.get(name);
  if (field === undefined) throw invalid(text);
  if (texts.has(name)) {
    if (operator !== "=" && operator !== "!=") throw invalid(text);
    const matches = wildcard(value.trim());
    return (request) => matches(`${field(request)}`) === (operator === "=");
  }
  const wanted = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(wanted)) throw invalid(text);
  const compare = comparison(operator, wanted);
  return (request) => {
    const is = field(request);
    return is === undefined ? operator === "!=" : compare(Number(is));
  };
}

/** Whether a text is as a pattern, found without backtracking: its parts follow each other. */
function wildcard(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return (text) => text === pattern;
  const last = parts.at(-1) ?? "";
  const middle = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length) return false;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
}

function comparison(operator: string, wanted: number): (is: number) => boolean {
  switch (operator) {
    case "<":
      return (is) => is < wanted;
    case "<=":
      return (is) => is <= wanted;
    case ">":
      return (is) => is > wanted;
    case ">=":
      return (is) => is >= wanted;
    case "!=":
      return (is) => is !== wanted;
    default:
      return (is) => is === wanted;
  }
}

function invalid(text: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `"${text}" is not a condition`, {
    hint: `write it as status>=500, time>100, method=POST or uri=/api/*; the fields are ${filterFields.join(", ")}`,
  });
}
