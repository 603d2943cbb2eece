import type { ProbeModule, ProbeSettings } from "../settings.js";
import type { HttpSettings, ScrapeTarget } from "../target.js";
import { allowProbe, type ResolveHost } from "./allow-probe.js";
import { parseAllowRule } from "./allow-rule.js";

export interface ProbeRules {
  /** The rules, as in the configuration's `probe.allow`. */
  readonly allow: readonly string[];
  /** The modules by their names. */
  readonly modules: ReadonlyMap<string, ProbeModule>;
  /** Whether `debug=true` shows how a target was read. */
  readonly debug: boolean;
  /** Resolves host names. Default: the system's resolver. */
  readonly resolve?: ResolveHost | undefined;
}

/**
 * What `/probe` may read, from the rules of a configuration.
 *
 * @throws GatewayError `bad_input` for a rule that cannot be read
 */
export function probeSettings({ allow, modules, debug, resolve }: ProbeRules): ProbeSettings {
  const rules = allow.map(parseAllowRule);
  return {
    modules,
    debug,
    async allow(target, module, signal): Promise<ScrapeTarget> {
      const decision = await allowProbe(target, rules, resolve, signal);
      if (!decision.allowed) throw new Error(decision.reason);
      const { kind, connectTo, host } = decision;
      if (module.kind !== kind) throw new Error(`the module reads ${module.kind}`);
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

/** The settings of a request. No redirect is followed: what it leads to was not checked. */
function httpOf(http: HttpSettings | undefined, host: string | undefined): HttpSettings {
  return { ...http, host: http?.host ?? host, redirects: false };
}
