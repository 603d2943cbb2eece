import { isObject, wrongArgument } from "../arguments.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { checkCount, checkWait } from "../numbers.js";
import { checkTargetAddress } from "./config/target-checks.js";
import type { ExporterSettings } from "./settings.js";
import { type ScrapeTarget, targetDefaults } from "./target.js";

/** A target as a program names it: its address, or its address and what is not as by default. */
export type TargetInput = string | (Pick<ScrapeTarget, "address"> & Partial<ScrapeTarget>);

/** {@link ExporterSettings} whose targets may be addresses. */
export interface ExporterInput extends Omit<ExporterSettings, "targets" | "served"> {
  /**
   * The pools and httpds of `/metrics`, in order: `"unix:/run/php/www.sock:/status"`, or
   * `{ address, labels: { site: "shop" } }`. By default, a URL is an httpd, every other address a
   * pool; a scrape may take 3,000 ms, and 64 processes of a pool get series of their own.
   */
  readonly targets: readonly TargetInput[];
  /** What `/sd` serves, and what `/probe` may read without a rule. Default: `targets`. */
  readonly served?: readonly TargetInput[] | undefined;
}

/** The settings that are numbers: a scrape with one that is none would never end. */
const times = ["scrapeTimeout", "timeoutOffset", "cacheAge"] as const;
const counts = ["concurrency", "maxLength"] as const;

/**
 * Puts the defaults where a target has no value.
 *
 * @throws GatewayError `bad_input`, `bad_address`; TypeError for an unknown metric style
 */
export function settingsOfInput(input: ExporterInput): ExporterSettings {
  const { targets, served } = input;
  if (!Array.isArray(targets)) throw notTargets("targets", targets);
  if (!["drop-in", "modern", undefined].includes(input.metricStyle)) {
    throw wrongArgument("metricStyle", input.metricStyle, "drop-in or modern");
  }
  for (const name of times) if (input[name] !== undefined) checkWait(name, input[name]);
  for (const name of counts) if (input[name] !== undefined) checkCount(name, input[name], 1);
  return {
    ...input,
    targets: targets.map(completeTarget),
    served: served?.map(completeTarget),
  };
}

function completeTarget(input: TargetInput): ScrapeTarget {
  const given = typeof input === "string" ? { address: input } : input;
  if (typeof given?.address !== "string") throw notTargets("a target", input);
  if (!isLabels(given.labels ?? {})) throw notTargets("the labels of a target", given.labels);
  if (given.timeout !== undefined) checkWait("timeout", given.timeout);
  if (given.processes !== undefined) checkCount("processes", given.processes);
  if (isComplete(given)) return given;
  const kind = checkTargetAddress(given.address);
  return { ...targetDefaults, kind, source: "the program", ...given };
}

/** A value that is no text would fail the whole page. */
function isLabels(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((each) => typeof each === "string");
}

/** Whether nothing is missing: such a target stays the object that it is. */
function isComplete(target: Partial<ScrapeTarget>): target is ScrapeTarget {
  const { kind, labels, timeout, processes, source } = target;
  return [kind, labels, timeout, processes, source].every((value) => value !== undefined);
}

function notTargets(what: string, value: unknown): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `${what} is ${JSON.stringify(value)}`, {
    hint: 'write targets: ["unix:/run/php/www.sock:/status"], or [{ address: "…", labels: { site: "shop" } }]',
  });
}
