import type { ScrapeTarget } from "../target.js";

/** One group of Prometheus' http_sd and file_sd. */
interface TargetGroup {
  readonly targets: string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The answer of `/sd` as Prometheus' http_sd expects it: all targets, in groups with the same labels.
 * Labels that begin with `__meta_` are for relabelling, and Prometheus drops them afterwards.
 */
export function serviceDiscovery(targets: readonly ScrapeTarget[]): string {
  const groups = new Map<string, TargetGroup>();
  for (const target of targets) {
    const labels = sortedLabels(target);
    const key = JSON.stringify(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { targets: [target.address], labels });
    else group.targets.push(target.address);
  }
  return JSON.stringify([...groups.values()]);
}

function sortedLabels({ kind, labels, configuration }: ScrapeTarget): Record<string, string> {
  const all = {
    ...labels,
    __meta_fcgi_probe_kind: kind,
    ...(configuration && { __meta_fcgi_probe_pool: configuration.name }),
  };
  return Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)));
}
