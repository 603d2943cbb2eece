import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { makeFolder } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";
import { rulesOf, type Style, styles } from "./incident.js";
import { metricsOf } from "./metric-names.js";

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string | { query: string } }[] };
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

const dashboard = (style: Style): Dashboard =>
  JSON.parse(
    readFileSync(
      new URL(`../../packaging/grafana/fcgi-probe-${style}.json`, import.meta.url),
      "utf8",
    ),
  );

const expressionsOf = (style: Style): string[] => [
  ...(parse(readFileSync(rulesOf(style), "utf8")) as Rules).groups.flatMap(({ rules }) =>
    rules.map(({ expr }) => expr),
  ),
  ...dashboard(style).panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard(style).templating.list.map(({ query }) =>
    typeof query === "string" ? query : query.query,
  ),
];

describe("dashboards and alert rules", () => {
  it("are made from one table, and current", () => {
    const script = fileURLToPath(new URL("../../scripts/monitoring.mjs", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, "--check"], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  it.each(styles)("name metrics that the exporter has: %s", (style) => {
    const named = expressionsOf(style).flatMap(
      (expr) => expr.match(/\b(?:phpfpm|apache|fcgi_probe)_\w+/g) ?? [],
    );
    expect(new Set(named).size).toBeGreaterThan(20);
    const known = metricsOf(style);
    expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(styles)("are rules that promtool accepts: %s", (style) => {
    const checked = execFileSync(requireServer("promtool"), ["check", "rules", rulesOf(style)], {
      encoding: "utf8",
    });
    expect(checked).toMatch(/SUCCESS: \d+ rules found/);
  });

  it.each(styles)("have expressions that Prometheus parses: %s", (style) => {
    let count = 0;
    const rules = dashboard(style).panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) => ({
        record: `panel:${++count}`,
        expr: expr.replaceAll("$__rate_interval", "5m"),
      })),
    );
    const file = JSON.stringify({ groups: [{ name: "panels", rules }] });
    const path = join(makeFolder(), "panels.yaml");
    writeFileSync(path, file);
    onTestFinished(() => rmSync(dirname(path), { recursive: true }));
    const checked = execFileSync(requireServer("promtool"), ["check", "rules", path], {
      encoding: "utf8",
    });
    expect(checked).toContain("SUCCESS");
  });

  it.each(styles)("have panels that do not overlap: %s", (style) => {
    const taken = new Set<string>();
    for (const { gridPos } of dashboard(style).panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`)).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });
});
