import { probeSettings } from "../probe/probe-settings.js";
import { chooseModule, type ExporterSettings, type ProbeModule } from "../settings.js";
import { kindOf, type ScrapeTarget, shownText, targetDefaults } from "../target.js";
import type { ParsedConfiguration } from "./configuration.js";
import type { ExporterConfiguration } from "./schema.js";
import { joinTargets, seriesLabels } from "./sources/join-targets.js";
import type { FoundTarget } from "./sources/target-source.js";
import { checkTargetAddress } from "./target-checks.js";

/** A configuration, and the targets that its sources name. */
export interface SettingsInput {
  readonly parsed: ParsedConfiguration;
  /** What each source gives, in the order in which the first one that names an address wins. */
  readonly found: readonly (readonly FoundTarget[])[];
  /** Targets that are given otherwise, such as by flags. They come first. */
  readonly given: readonly ScrapeTarget[];
}

/** Settings of the exporter, and what was left out of them, a sentence each. */
export interface MadeSettings {
  readonly settings: ExporterSettings;
  readonly warnings: readonly string[];
}

/** Makes the settings of an exporter from a configuration. */
export function settingsOf({ parsed, found, given }: SettingsInput): MadeSettings {
  const { configuration, sources } = parsed;
  const modules = new Map(
    Object.entries(configuration.modules).map(([name, module]) => [name, moduleOf(module)]),
  );
  const warnings: string[] = [];
  const listed = configuration.targets.map(({ address, labels, module, opcache }, index) => {
    const chosen = chooseModule(kindOf(address), modules, module);
    const source = sources[index] ?? "";
    return { ...targetOf(address, chosen), labels, source, opcache: opcache ?? chosen.opcache };
  });
  const discovered = found.map((targets) =>
    targets.flatMap((target) => scrapeTarget(target, modules, warnings) ?? []),
  );
  const joined = joinTargets<ScrapeTarget>([given, listed, ...discovered]);
  const { probe, scrape, web, metric_style, fix_process_count } = configuration;
  const { allow, debug = false } = probe;
  return {
    warnings: [...warnings, ...joined.warnings],
    settings: {
      targets: joined.targets,
      probe: probeSettings({ allow, modules, debug }),
      metricStyle: metric_style,
      fixProcessCount: fix_process_count,
      telemetryPath: web.telemetry_path,
      routePrefix: web.route_prefix,
      scrapeTimeout: scrape.timeout,
      timeoutOffset: scrape.timeout_offset,
      lifecycle: web.lifecycle,
    },
  };
}

function moduleOf(module: ExporterConfiguration["modules"][string]): ProbeModule {
  const { kind, timeout } = module;
  if (kind === "phpfpm") {
    return { kind, timeout, processes: module.processes, opcache: module.opcache };
  }
  const { host, headers, insecure } = module;
  return { kind, timeout, processes: targetDefaults.processes, http: { host, headers, insecure } };
}

function targetOf(address: string, { kind, timeout, processes, http, opcache }: ProbeModule) {
  return { address, kind, timeout, processes, http, opcache };
}

/** The target that a source names; `undefined`, with a warning, for one that cannot be read. */
function scrapeTarget(
  { address, labels, source, configuration, host }: FoundTarget,
  modules: ReadonlyMap<string, ProbeModule>,
  warnings: string[],
): ScrapeTarget | undefined {
  try {
    const kind = checkTargetAddress(address);
    const name = labels["__param_module"];
    if (name !== undefined && modules.get(name)?.kind !== kind) {
      warnings.push(
        `${source}: no module for ${kind} is called "${name}", which ${shownText(address)} names`,
      );
    }
    const module = chooseModule(kind, modules, name);
    const target = targetOf(address, module);
    const http =
      host === undefined ? target.http : { ...target.http, host: target.http?.host ?? host };
    return { ...target, http, labels: seriesLabels(labels), source, configuration };
  } catch (error) {
    warnings.push(`${source}: ${(error as Error).message}`);
    return undefined;
  }
}
