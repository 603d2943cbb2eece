import * as v from "valibot";
import {
  Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import { ErrorCode, GatewayError } from "../errors.js";

/** The longest document, in characters. */
const MAX_LENGTH = 1_048_576;
/** The most errors that are reported at once. */
const MAX_PROBLEMS = 50;

/** A key, or an index of a list. */
type Step = string | number;

/** A YAML document that a schema accepts. */
export interface StrictYaml<Value> {
  readonly value: Value;
  /** The line of a value, from 1: `lineOf(["targets", 0])`. */
  lineOf(path: readonly Step[]): number;
}

/** Something that is wrong at a place of a document. */
interface Problem {
  readonly path: readonly Step[];
  /** Whether it is about the key, not its value. */
  readonly isKey?: boolean;
  readonly message: string;
}

/** What the errors of a file say. */
export interface YamlFile {
  readonly name: string;
  /** What to do, and what happens until it is done. */
  readonly hint: string;
}

/**
 * Reads YAML by a schema. Unknown keys and keys that are given twice are errors.
 *
 * @param check finds what the schema cannot see, such as a name that is not defined
 * @throws GatewayError `bad_input` with all errors, a line each: `site.yaml:6:1: unknown key "pool"`;
 * `limit_exceeded`
 */
export function readStrictYaml<Schema extends v.GenericSchema>(
  text: string,
  { name, hint }: YamlFile,
  schema: Schema,
  check: (value: v.InferOutput<Schema>) => Iterable<Problem> = () => [],
): StrictYaml<v.InferOutput<Schema>> {
  if (text.length > MAX_LENGTH) {
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `${name} has more than ${MAX_LENGTH} characters`,
      { hint: "keep lists of targets in files of their own, and name them in discover.files" },
    );
  }
  const counter = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const document = parsed(text, { name, hint }, counter, place);
  const offsetOf = ({ path, isKey = false }: Problem) => offsetAt(document, path, isKey);
  const result = v.safeParse(schema, plainValue(document, place, hint) ?? {});
  const problems = result.success ? [...check(result.output)] : problemsOf(result.issues);
  if (problems.length > 0 || !result.success) {
    const lines = problems
      .map((problem) => ({ offset: offsetOf(problem), message: problem.message }))
      .sort((one, other) => one.offset - other.offset)
      .map(({ offset, message }) => `${place(offset)}: ${message}`);
    throw badYaml(lines, hint);
  }
  return {
    value: result.output,
    lineOf: (path) => counter.linePos(offsetAt(document, path, false)).line,
  };
}

function parsed(
  text: string,
  { name, hint }: YamlFile,
  counter: LineCounter,
  place: (offset: number) => string,
): Document {
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    stringKeys: true,
    logLevel: "error",
  });
  const broken = [...document.errors, ...document.warnings];
  // The parser overflows the stack when the text is nested too deeply.
  if (broken.some(({ message }) => message.startsWith("Maximum call stack"))) {
    throw badYaml([`${name}: it is nested too deeply`], hint);
  }
  if (broken.length > 0) {
    throw badYaml(
      broken.map((error) => `${place(error.pos[0])}: ${faultText(error)}`),
      hint,
    );
  }
  const strange: string[] = [];
  visit(document, {
    Pair(_, { key }) {
      // Such keys would be found on every object, and so not be unknown.
      if (!isScalar(key) || !(String(key.value) in Object.prototype)) return;
      strange.push(`${place(key.range?.[0] ?? 0)}: unknown key ${JSON.stringify(key.value)}`);
    },
  });
  if (strange.length > 0) throw badYaml(strange, hint);
  return document;
}

/** The library's text is for programmers where it tells them to call another function. */
function faultText({ code, message }: YAMLError): string {
  return code === "MULTIPLE_DOCS" ? "a second document begins here: one file is one" : message;
}

/** The value of a document. What is wrong with aliases is found only here. */
function plainValue(document: Document, place: (offset: number) => string, hint: string): unknown {
  let offset = 0;
  visit(document, {
    Alias(_, alias) {
      alias.toJSON = (...args) => {
        offset = alias.range?.[0] ?? offset;
        return Alias.prototype.toJSON.apply(alias, args);
      };
    },
  });
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw badYaml([`${place(offset)}: ${(error as Error).message}`], hint);
  }
}

function problemsOf(issues: readonly v.BaseIssue<unknown>[]): Problem[] {
  return issues.map((issue) => {
    const path = (issue.path ?? []).map(({ key }) => key as Step);
    // A required key that is missing has no place of its own.
    const isOfKey = issue.path?.at(-1)?.origin === "key";
    if (isOfKey && issue.type === "object_with_rest") {
      return { path: path.slice(0, -1), message: `the key ${String(path.at(-1))} is missing` };
    }
    const isUnknown = issue.type === "never";
    const message = isUnknown ? `unknown key "${path.at(-1)}"; ${issue.message}` : issue.message;
    return { path, isKey: isUnknown || isOfKey, message };
  });
}

/** Where a value, or its key, begins. Of a path that is not there, the part that is. */
function offsetAt(document: Document, path: readonly Step[], isKey: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  const enter = (next: unknown) => {
    node = isAlias(next) ? next.resolve(document) : next;
    offset = (next as Node | null)?.range?.[0] ?? offset;
  };
  enter(node);
  for (const [index, step] of path.entries()) {
    if (isSeq(node)) enter(node.items[Number(step)]);
    else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      if (isKey && index === path.length - 1) return offset;
      enter(pair.value);
    } else return offset;
  }
  return offset;
}

function badYaml(problems: readonly string[], hint: string): GatewayError {
  const shown = problems.slice(0, MAX_PROBLEMS);
  if (shown.length < problems.length) shown.push(`${problems.length - shown.length} more errors`);
  return new GatewayError(ErrorCode.BadInput, shown.join("\n"), {
    hint,
  });
}
