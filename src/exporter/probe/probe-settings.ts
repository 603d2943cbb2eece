import type { LogListener, ProbeModule, ProbeSettings } from "../settings.js";
import { type HttpSettings, type ScrapeTarget, shownText } from "../target.js";
import { allowProbe, type ResolveHost } from "./allow-probe.js";
import { parseAllowRule } from "./allow-rule.js";

export interface ProbeRules {
  /** The rules, as in the configuration's `probe.allow`. */
  readonly allow: readonly string[];
  /** The modules by their names. */
  readonly modules: ReadonlyMap<string, ProbeModule>;
  /** Whether `debug=true` shows how a target was read. */
  readonly debug: boolean;
  /** Called with the reason when a target is refused. The answer does not say it. */
  readonly log?: LogListener | undefined;
  /** Resolves host names. Default: the system's resolver. */
  readonly resolve?: ResolveHost | undefined;
}

/**
 * What `/probe` may read, from the rules of a configuration.
 *
 * @throws GatewayError `bad_input` for a rule that cannot be read
 */
export function probeSettings({ allow, modules, debug, log, resolve }: ProbeRules): ProbeSettings {
  const rules = allow.map(parseAllowRule);
  const refuse = (target: string, error: string): undefined => {
    log?.({ level: "warn", message: "refused to probe", target: shownText(target), error });
  };
  return {
    modules,
    debug,
    async allow(target, module, signal): Promise<ScrapeTarget | undefined> {
      const decision = await unlessAborted(allowProbe(target, rules, resolve), signal);
      if (decision === undefined) return refuse(target, "its host was not resolved in time");
      if (!decision.allowed) return refuse(target, decision.reason);
      const { kind, connectTo, host } = decision;
      if (module.kind !== kind) return refuse(target, `the module reads ${module.kind}`);
      const { timeout, processes, opcache, http } = module;
      return {
        address: target,
        kind,
        connectTo,
        labels: {},
        timeout,
        processes,
        opcache,
        source: "/probe",
        http: kind === "phpfpm" ? undefined : httpOf(http, host),
      };
    },
  };
}

/** The result of a promise; `undefined` once the signal is aborted. */
async function unlessAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  if (signal.aborted) return undefined;
  let stop = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The settings of a request. No redirect is followed: what it leads to was not checked. */
function httpOf(http: HttpSettings | undefined, host: string | undefined): HttpSettings {
  return { ...http, host: http?.host ?? host, redirects: false };
}
