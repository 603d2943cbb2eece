import { checkObject, isObject, wrongArgument } from "../arguments.js";

/** A kind of options, and their names. */
interface OptionKind {
  what: string;
  is(value: unknown): boolean;
  names: readonly string[];
}

/** Pairs are checked here where they are a list. */
const isVariables = (value: unknown): boolean =>
  Array.isArray(value) ? value.every((pair) => Array.isArray(pair)) : isObject(value);
const isList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

const kinds: readonly OptionKind[] = [
  {
    what: "a number",
    is: (value) => typeof value === "number",
    names: [
      "timeout",
      "headTimeout",
      "drainTimeout",
      "connectTimeout",
      "bufferedBody",
      "contentLength",
      "remotePort",
      "role",
      "modifier1",
      "modifier2",
      "idle",
      "idleTimeout",
      "maxRequests",
      "maxLength",
      "retries",
      "threads",
    ],
  },
  {
    what: "a string",
    is: (value) => typeof value === "string",
    names: [
      "root",
      "frontController",
      "documentRoot",
      "scriptName",
      "scriptFilename",
      "serverProtocol",
      "serverSoftware",
      "remoteAddress",
      "oddHeaderNames",
      "path",
    ],
  },
  {
    what: "a function",
    is: (value) => typeof value === "function",
    names: ["onHead", "onStderr", "onError", "trace"],
  },
  {
    what: "a boolean",
    is: (value) => typeof value === "boolean",
    names: ["static", "multiplex", "full"],
  },
  {
    what: "text, json, xml, html or openmetrics",
    is: (value) => /^(?:text|json|xml|html|openmetrics)$/.test(String(value)),
    names: ["format"],
  },
  { what: "an object", is: isObject, names: ["limits", "program", "data", "connections"] },
  { what: "an object, a Map or pairs", is: isVariables, names: ["variables"] },
  { what: "a list of strings", is: isList, names: ["noScripts"] },
  {
    what: "a list of strings or a function",
    is: (value) => isList(value) || typeof value === "function",
    names: ["scripts"],
  },
  {
    what: "a boolean or an object",
    is: (value) => typeof value === "boolean" || isObject(value),
    names: ["keep"],
  },
  {
    what: "an AbortSignal",
    is: (value) => value === null || value instanceof AbortSignal,
    names: ["signal"],
  },
];

const kindOf: ReadonlyMap<string, OptionKind> = new Map(
  kinds.flatMap((kind) => kind.names.map((name) => [name, kind] as const)),
);

/**
 * Checks the types of options. Those that are not ours are ignored, as `fetch` does.
 *
 * @param argument the name of the argument that holds them
 * @throws TypeError that names the option, or the argument
 */
export function checkOptions(argument: string, options: unknown): void {
  checkObject(argument, options);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const kind = kindOf.get(name);
    if (kind !== undefined && !kind.is(value)) throw wrongArgument(name, value, kind.what);
  }
}
