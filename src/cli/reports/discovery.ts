import type { DiscoveredTarget, Discovery } from "../../discovery/discovery.js";
import type { Output } from "../../terminal/output.js";
import { type Column, layOut, rowLine, titleLine } from "../../terminal/table.js";
import { visible } from "../../terminal/text.js";

export const discoveryFormats = ["table", "json", "yaml", "file_sd"] as const;
export type DiscoveryFormat = (typeof discoveryFormats)[number];

/** What was found, as text. */
export async function discoveryText(
  found: Discovery,
  format: DiscoveryFormat,
  output: Output,
): Promise<string> {
  switch (format) {
    case "table":
      return `${tableLines(found.targets, output).join("\n")}\n`;
    case "json":
      return `${JSON.stringify(found, undefined, 2)}\n`;
    case "yaml":
      return (await import("yaml")).stringify({ targets: readableTargets(found).map(yamlTarget) });
    case "file_sd":
      return `${JSON.stringify(readableTargets(found).map(fileSdGroup), undefined, 2)}\n`;
  }
}

/** The targets whose page may answer. A pool without a status page is none. */
export function readableTargets({ targets }: Discovery): DiscoveredTarget[] {
  return targets.filter(
    ({ configuration }) => configuration === undefined || configuration.statusPath !== undefined,
  );
}

function yamlTarget({ address, labels }: DiscoveredTarget): object {
  return { address, labels: exportedLabels(labels) };
}

function fileSdGroup({ address, labels }: DiscoveredTarget): object {
  return { targets: [address], labels: exportedLabels(labels) };
}

/** The pool's name is a label of its metrics already, which a target's label must not replace. */
function exportedLabels({ pool: _, ...labels }: DiscoveredTarget["labels"]): object {
  return labels;
}

const columns: readonly Column<DiscoveredTarget>[] = [
  { title: "STATE", value: ({ state }) => state },
  { title: "KIND", value: ({ kind }) => kind },
  { title: "NAME", value: ({ labels }) => visible(labels["pool"] ?? labels["name"] ?? "-") },
  { title: "VERSION", value: ({ labels }) => labels["php_version"] ?? "-" },
  { title: "ADDRESS", value: ({ address }) => visible(address) },
  { title: "SOURCE", value: ({ source }) => visible(source) },
];

function tableLines(targets: readonly DiscoveredTarget[], { style }: Output): string[] {
  if (targets.length === 0) return ["no pool of php-fpm and no httpd was found"];
  const layout = layOut(columns, targets);
  return [
    style.heading(titleLine(layout)),
    ...targets.flatMap((target) => [rowLine(layout, target), ...remarks(target)]),
  ];
}

function remarks({ problem, hint }: DiscoveredTarget): string[] {
  return [
    ...(problem === undefined ? [] : [`  ${visible(problem)}`]),
    ...(hint === undefined ? [] : [`  hint: ${visible(hint)}`]),
  ];
}
