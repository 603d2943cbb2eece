import { ErrorCode, GatewayError } from "../../errors.js";
import { readRegularFile } from "../../transport/regular-file.js";
import { readStrictYaml } from "../../yaml/strict-yaml.js";
import { kindOf, shownText } from "../target.js";
import { configurationSchema, type ExporterConfiguration } from "./schema.js";

/** A configuration, and where its targets are written. */
export interface ParsedConfiguration {
  readonly configuration: ExporterConfiguration;
  /** The place of each of `configuration.targets`: `site.yaml:3`. */
  readonly sources: readonly string[];
}

/** Something that is wrong with the value at a path, such as `["targets", 0, "module"]`. */
export interface ConfigurationProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Reads the text of a configuration file.
 *
 * @param name the file, for messages
 * @param check finds more errors
 * @throws GatewayError `bad_input` with all errors, a line each; `limit_exceeded`
 */
export function parseConfiguration(
  text: string,
  name: string,
  check: (configuration: ExporterConfiguration) => readonly ConfigurationProblem[] = () => [],
): ParsedConfiguration {
  const hint = "correct the file; an exporter that runs keeps its last good configuration";
  const { value, lineOf } = readStrictYaml(
    text,
    { name, hint },
    configurationSchema,
    (configuration) => [...crossCheck(configuration), ...check(configuration)],
  );
  return {
    configuration: value,
    sources: value.targets.map((_, index) => `${name}:${lineOf(["targets", index])}`),
  };
}

/** The longest file that is read, in bytes. */
const MAX_BYTES = 4_194_304;

/**
 * The text of a configuration file.
 *
 * @throws GatewayError `bad_input`, `limit_exceeded`
 */
export async function readConfigurationFile(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readRegularFile(path, MAX_BYTES);
  } catch (cause) {
    throw new GatewayError(ErrorCode.BadInput, `${path}: ${(cause as Error).message}`, {
      hint: "give the path of a YAML file that this user may read",
      cause,
    });
  }
  if (bytes.length > MAX_BYTES) {
    const message = `${path} has more than ${MAX_BYTES} bytes`;
    throw new GatewayError(ErrorCode.LimitExceeded, message);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GatewayError(ErrorCode.BadInput, `${path} is not UTF-8`, { cause });
  }
}

/** What no single value shows: names of modules that are not defined, and addresses given twice. */
function* crossCheck({ targets, modules }: ExporterConfiguration) {
  const first = new Map<string, number>();
  for (const [index, { address, module, opcache }] of targets.entries()) {
    const path = ["targets", index];
    const earlier = first.get(address);
    if (earlier === undefined) first.set(address, index);
    else
      yield { path, message: `"${shownText(address)}" is also target ${earlier + 1} of this list` };
    const kind = kindOf(address);
    if (opcache !== undefined && kind === "apache") {
      yield { path: [...path, "opcache"], message: "an httpd has no OPcache" };
    }
    if (module === undefined) continue;
    const found = Object.hasOwn(modules, module) ? modules[module] : undefined;
    if (found === undefined) {
      const names = Object.keys(modules).join(", ") || "there are none";
      const message = `no module is called "${module}"; the modules are: ${names}`;
      yield { path: [...path, "module"], message };
    } else if (found.kind !== kind) {
      const message = `the module "${module}" is of kind ${found.kind}, and the target is ${kind}`;
      yield { path: [...path, "module"], message };
    }
  }
}
