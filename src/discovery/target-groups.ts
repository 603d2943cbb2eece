import { inspect } from "node:util";
import { ErrorCode, GatewayError } from "../errors.js";

/** A target with the labels of its group, as in the file_sd files of Prometheus. */
export interface LabeledTarget {
  readonly address: string;
  /** All labels of the group, those that begin with `__` too. */
  readonly labels: Readonly<Record<string, string>>;
}

/** No labels. */
export const emptyLabels: Readonly<Record<string, string>> = Object.freeze({});

/** The deepest nesting of lists. Real files have two or three levels. */
const MAX_DEPTH = 32;
/** The most targets of a document. A few lines with aliases can expand to millions. */
const MAX_TARGETS = 1_000_000;
/** The most labels of a group. */
const MAX_LABELS = 64;

/**
 * The targets of a YAML document, which may be JSON: a list of addresses, `targets:` with such a
 * list and perhaps `labels:`, or a list of these, as in the file_sd files of Prometheus.
 *
 * @param name the file, for messages
 * @throws GatewayError `bad_input`
 */
export async function parseTargetGroups(text: string, name: string): Promise<LabeledTarget[]> {
  const { parse } = await import("yaml");
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw badTargets(name, whyNotYaml(cause), cause);
  }
  return targetsOfGroups(document, name);
}

/**
 * The targets of a document that is parsed already, see {@link parseTargetGroups}.
 *
 * @throws GatewayError `bad_input`
 */
export function targetsOfGroups(document: unknown, name: string): LabeledTarget[] {
  const targets: LabeledTarget[] = [];
  const collect = (value: unknown, labels: LabeledTarget["labels"], depth: number): void => {
    if (value === null || value === undefined) return;
    if (depth > MAX_DEPTH) throw badTargets(name, "it is nested too deeply, or contains itself");
    if (Array.isArray(value)) {
      for (const item of value) collect(item, labels, depth + 1);
    } else if (typeof value === "string") {
      if (targets.length === MAX_TARGETS) throw badTargets(name, `it has more than ${MAX_TARGETS}`);
      targets.push({ address: value, labels });
    } else if (typeof value === "object" && "targets" in value && Array.isArray(value.targets)) {
      const own = "labels" in value ? labelsOf(value.labels, name) : emptyLabels;
      collect(value.targets, own === emptyLabels ? labels : { ...labels, ...own }, depth + 1);
    } else throw badTargets(name, `${excerpt(value)} is not a target`);
  };
  collect(document, emptyLabels, 0);
  return targets;
}

/** The labels of a group. Numbers and true or false are taken as text, as Prometheus does. */
function labelsOf(value: unknown, name: string): Readonly<Record<string, string>> {
  if (value === null || value === undefined) return emptyLabels;
  if (typeof value !== "object" || Array.isArray(value)) {
    throw badTargets(name, `${excerpt(value)} are not labels`);
  }
  const entries = Object.entries(value);
  if (entries.length > MAX_LABELS) throw badTargets(name, `a group has over ${MAX_LABELS} labels`);
  const labels = entries.map(([key, label]): [string, string] => {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/.test(key)) {
      throw badTargets(name, `${excerpt(key)} is not the name of a label`);
    }
    if (!["string", "number", "boolean"].includes(typeof label)) {
      throw badTargets(name, `the label ${key} is ${excerpt(label)}, which is not text`);
    }
    return [key, String(label)];
  });
  return Object.fromEntries(labels);
}

function whyNotYaml(error: unknown): string {
  const [message = ""] = (error as Error).message.split("\n");
  // The parser overflows the stack when the text is nested too deeply.
  if (message.startsWith("Maximum call stack")) return "it is nested too deeply";
  return message.replace(/:$/, "");
}

/** The first characters of a value. `inspect` can print a value that contains itself. */
function excerpt(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY }).slice(0, 60);
}

function badTargets(name: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `${name} names no targets: ${why}`, {
    hint: "write one address per line, or YAML: a list of addresses, or targets: with such a list",
    cause,
  });
}
