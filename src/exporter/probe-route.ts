import type { Collector } from "./collector.js";
import type { RefusalLog } from "./probe/refusal-log.js";
import { textResponse } from "./respond.js";
import type { Sample } from "./sample.js";
import { chooseModule, type ExporterSettings, type ProbeModule } from "./settings.js";
import { kindOf, type ScrapeTarget, shownAddress, shownText } from "./target.js";

/** A request for one target. */
interface Probe {
  /** The parameters of the URL. */
  readonly parameters: URLSearchParams;
  /** Milliseconds in which it has to be answered. */
  readonly timeout: number;
}

/** What the route needs of an exporter. */
export interface ProbeContext {
  readonly settings: ExporterSettings;
  readonly collector: Collector;
  readonly refusals: RefusalLog;
  /** Answers with the metrics of one target. */
  readonly answer: (sample: Sample) => Response;
}

/**
 * Answers `/probe?target=&module=`: one target, which the configuration serves or a rule allows. A
 * served target is read as it is configured. What is not allowed gets 403 without a reason, which
 * would tell what exists.
 */
export async function answerProbe(
  { parameters, timeout }: Probe,
  context: ProbeContext,
): Promise<Response> {
  const { settings, collector, answer } = context;
  const address = parameters.get("target") ?? "";
  if (address === "") return textResponse(400, "the parameter target is missing");
  const name = parameters.get("module") ?? "";
  const module = settings.probe?.modules.get(name);
  if (name !== "" && module === undefined) {
    return textResponse(400, `there is no module ${JSON.stringify(name)}`);
  }
  const started = performance.now();
  const target =
    servedTarget(settings, address) ?? (await allowedTarget(address, module, timeout, context));
  if (target === undefined) return textResponse(403, "this target may not be probed");
  const wantsDebug = /^(1|t|true)$/i.test(parameters.get("debug") ?? "");
  if (wantsDebug && settings.probe?.debug !== true) {
    return textResponse(403, "debug output is not enabled in the configuration");
  }
  const sample = await collector.collectOne(target, timeout - (performance.now() - started));
  const response = answer(sample);
  if (!wantsDebug) return response;
  return textResponse(200, `${debugText(sample, name, timeout)}\n${await response.text()}`);
}

/** The served target with this address, as it is written or as it is shown. */
function servedTarget(
  { targets, served = targets }: ExporterSettings,
  address: string,
): ScrapeTarget | undefined {
  const isIt = (target: ScrapeTarget) =>
    target.address === address || shownAddress(target) === address;
  return served.find(isIt) ?? targets.find(isIt);
}

/** The target if a rule allows it. One whose name cannot be resolved in time is not allowed. */
async function allowedTarget(
  address: string,
  named: ProbeModule | undefined,
  timeout: number,
  { settings: { probe }, refusals }: ProbeContext,
): Promise<ScrapeTarget | undefined> {
  if (probe === undefined) return undefined;
  const module = named ?? chooseModule(kindOf(address), probe.modules);
  const signal = AbortSignal.timeout(Math.max(1, Math.floor(timeout)));
  const tooLate = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () =>
      reject(new Error("the target was not resolved in time")),
    );
  });
  try {
    return await Promise.race([probe.allow(address, module, signal), tooLate]);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    refusals.add({ target: shownText(address), error: text });
    return undefined;
  }
}

/** How a target was read, for a person. */
function debugText(sample: Sample, module: string, timeout: number): string {
  const { target, error, reason, elapsed } = sample;
  const { http = {}, connectTo, configuration } = target;
  const lines: [name: string, value: string | number | undefined][] = [
    ["target", shownAddress(target)],
    ["connected to", connectTo ?? configuration?.statusListen],
    ["kind", target.kind],
    ["module", module === "" ? undefined : module],
    ["configured by", target.source],
    ["host", http.host],
    ["timeout of the target, in ms", target.timeout],
    ["timeout of the probe, in ms", Math.round(timeout)],
    ["took, in ms", elapsed.toFixed(1)],
    ["result", reason ?? "ok"],
    ["error", error?.message],
    ["hint", error?.hint],
    ["error stream", error?.stderr],
    ["warnings", sample.status?.warnings.join("; ")],
  ];
  return lines
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `# ${name}: ${String(value).replaceAll("\n", "\n#   ")}\n`)
    .join("");
}
