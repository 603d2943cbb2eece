import { existsSync } from "node:fs";
import { type Address, parseAddress } from "../../address.js";
import { shownUrl } from "../../apache/fetch/status-url.js";
import type { MetricStyle } from "../settings.js";
import type { ScrapeTarget, TargetKind } from "../target.js";
import { type Label, LabelSet } from "./labels.js";

/** The labels that series of a target have besides those of the target. */
const taken: Readonly<Record<TargetKind, readonly string[]>> = {
  phpfpm: ["child", "state", "reason", "kind", "pm", "le", "quantile"],
  apache: [
    ...["state", "reason", "type", "kind", "mode", "interval", "mpm", "version"],
    ...["balancer", "worker", "status", "scrape_uri"],
  ],
};

/** The labels of a target as they were made last. They rarely change from one scrape to the next. */
const made = new WeakMap<ScrapeTarget, { readonly key: string; readonly labels: LabelSet }>();
const spelled = new WeakMap<ScrapeTarget, string>();

/** Makes the labels of the targets of one scrape. */
export class TargetLabels {
  readonly #style: MetricStyle;
  readonly #isOneServer: boolean;
  /** Which address has which name. */
  readonly #names = new Map<string, string>();

  /** @param servers how many httpds there are */
  constructor(style: MetricStyle, servers: number) {
    this.#style = style;
    this.#isOneServer = servers === 1;
  }

  /** @param pool the name of the pool; an httpd has none */
  of(target: ScrapeTarget, pool?: string): LabelSet {
    const isUnnamed = this.#style === "drop-in" && target.kind === "apache" && this.#isOneServer;
    const name = isUnnamed ? undefined : this.#nameOf(target);
    const key = `${this.#style} ${name} ${pool}`;
    const last = made.get(target);
    if (last?.key === key) return last.labels;
    const ours: Label[] = pool === undefined ? [] : [["pool", pool]];
    const nameLabel = this.#style === "drop-in" ? "scrape_uri" : "target";
    if (name !== undefined) ours.push([nameLabel, name]);
    const labels = new LabelSet([...ours, ...configured(target, ours)]);
    made.set(target, { key, labels });
    return labels;
  }

  /**
   * The address as it was written, of an httpd without a password; in the modern style one spelling
   * for all ways to write an address. If two targets were written differently and get the same
   * name, the second one ends in `#2`.
   */
  #nameOf(target: ScrapeTarget): string {
    const { address, kind } = target;
    const isVerbatim = this.#style === "drop-in" && kind === "phpfpm";
    const wanted = isVerbatim ? address : spelling(target);
    let name = wanted;
    for (let count = 2; (this.#names.get(name) ?? address) !== address; count++) {
      name = `${wanted}#${count}`;
    }
    this.#names.set(name, address);
    return name;
  }
}

/**
 * The labels that the configuration gives a target. As in Prometheus, one whose name we use ourselves
 * becomes `exported_NAME`, and one that begins with `__` or is empty is left out. Characters that a
 * name cannot have become `_`.
 */
function configured({ labels, kind }: ScrapeTarget, ours: readonly Label[]): Label[] {
  const names = new Set([...taken[kind], ...ours.map(([name]) => name)]);
  return Object.entries(labels).flatMap(([given, value]): Label[] => {
    if (given.startsWith("__") || given === "" || value === "") return [];
    let name = given.replace(/^(?=\d)|[^a-zA-Z0-9_]/g, "_");
    while (names.has(name)) name = `exported_${name}`;
    names.add(name);
    return [[name, value]];
  });
}

function spelling(target: ScrapeTarget): string {
  let text = spelled.get(target);
  if (text === undefined) {
    text = target.kind === "apache" ? shownUrl(target.address) : poolAddress(target.address);
    spelled.set(target, text);
  }
  return text;
}

function poolAddress(text: string): string {
  try {
    return formatAddress(parseAddress(text, existsSync));
  } catch {
    return text;
  }
}

function formatAddress({ protocol, endpoint, path = "" }: Address): string {
  if ("program" in endpoint) return `cgi:${endpoint.program}`;
  const scheme = protocol === "fcgi" ? "" : `${protocol}://`;
  if ("host" in endpoint) {
    const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
    return `${scheme}${host}:${endpoint.port}${path}`;
  }
  const socket = endpoint.socketPath.replace(/^\0/, "@");
  return `${scheme}unix:${socket}${path === "" ? "" : `:${path}`}`;
}
