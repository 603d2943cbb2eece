import type { TargetKind } from "../target.js";
import { LabelSet } from "./labels.js";
import { both, type Metric, single } from "./metric.js";

/** What the exporter says about itself. */
export interface ExporterFacts {
  /** The version of this package. */
  readonly version: string;
  /** Milliseconds that it took to read all targets. */
  readonly elapsed: number;
  /** How many targets there are. Default: as many as were read. */
  readonly targets?: Readonly<Record<TargetKind, number>> | undefined;
  /** The last reading of the configuration; `undefined` if there is none to read. */
  readonly reload?: ReloadFacts | undefined;
  /** The sources of targets. Default: there is none. */
  readonly sources?: readonly SourceFacts[] | undefined;
}

/** How the last reading of the configuration went. */
export interface ReloadFacts {
  readonly successful: boolean;
  /** The last success, in milliseconds since 1970. */
  readonly succeededAt: number;
}

/** How the last reading of a source of targets went. */
export interface SourceFacts {
  /** What it is: `files targets/*.yaml`. */
  readonly name: string;
  /** How many targets it has. */
  readonly targets: number;
  /** Whether all of it could be read. */
  readonly ok: boolean;
}

export interface ExporterReading {
  readonly labels: LabelSet;
  readonly facts: ExporterFacts;
  readonly targets: Readonly<Record<TargetKind, number>>;
}

const kinds = (["phpfpm", "apache"] as const).map(
  (kind) => [kind, new LabelSet([["kind", kind]])] as const,
);

/** The names of Go for the processors that Node calls otherwise. */
const goArchitectures: ReadonlyMap<string, string> = new Map([
  ["x64", "amd64"],
  ["ia32", "386"],
  ["ppc64", "ppc64le"],
]);

/** The labels of apache_exporter's version, of this exporter: Node stands in the place of Go. */
function buildLabels(version: string): LabelSet {
  return new LabelSet([
    ["branch", ""],
    ["goarch", goArchitectures.get(process.arch) ?? process.arch],
    ["goos", process.platform],
    ["goversion", `node${process.versions.node}`],
    ["revision", "unknown"],
    ["tags", "unknown"],
    ["version", version],
  ]);
}

/** The metrics of the exporter itself. */
export const exporterMetrics: readonly Metric<ExporterReading>[] = [
  both({
    name: "fcgi_probe_build_info",
    type: "info",
    help: "1, with the versions of the exporter and of Node.",
    emit: ({ facts: { version } }, emit) =>
      emit(
        1,
        new LabelSet([
          ["version", version],
          ["node", process.versions.node],
        ]),
      ),
  }),
  {
    "drop-in": {
      name: "apache_exporter_build_info",
      type: "info",
      help: "1, with the versions of this exporter and of Node, as apache_exporter names its own.",
      emit: ({ facts: { version }, targets }, emit) => {
        if (targets.apache > 0) emit(1, buildLabels(version));
      },
    },
  },
  both({
    name: "fcgi_probe_targets",
    type: "gauge",
    help: "Targets of the exporter, by what they are.",
    emit: ({ targets }, emit) => {
      for (const [kind, labels] of kinds) emit(targets[kind], labels);
    },
  }),
  both({
    name: "fcgi_probe_scrape_duration_seconds",
    type: "gauge",
    help: "Seconds that it took to read all targets.",
    emit: single(({ facts }) => facts.elapsed / 1_000),
  }),
  both({
    name: "fcgi_probe_config_last_reload_successful",
    type: "gauge",
    help: "1 if the configuration could be read the last time, 0 if an earlier one is in use.",
    emit: single(({ facts: { reload } }) => reload && (reload.successful ? 1 : 0)),
  }),
  both({
    name: "fcgi_probe_config_last_reload_success_timestamp_seconds",
    type: "gauge",
    help: "When the configuration that is in use was read, as Unix time.",
    emit: single(({ facts: { reload } }) => reload && reload.succeededAt / 1_000),
  }),
  both({
    name: "fcgi_probe_source_up",
    type: "gauge",
    help: "1 if a source of targets could be read the last time, 0 if a part of it could not: the last targets of that part stay.",
    emit: ({ facts: { sources = [] } }, emit) => {
      for (const { name, ok } of sources) emit(ok ? 1 : 0, new LabelSet([["source", name]]));
    },
  }),
];
