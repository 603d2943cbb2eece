import { expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { rulesOf, runRulesTest, type Style, styles } from "./incident.js";

const activeOf: Readonly<Record<Style, (pool: string) => string>> = {
  "drop-in": (pool) => `phpfpm_active_processes{pool="${pool}"}`,
  modern: (pool) => `phpfpm_processes{pool="${pool}",state="active"}`,
};

/** What the exporter says of pools, and whether it is an alert. No `active`: no page came. */
const pools = [
  { name: "idle-single", max: 1, active: 1, statusListen: 0, fires: false },
  { name: "busy-single", max: 1, active: 1, statusListen: 1, fires: true },
  { name: "roomy", max: 20, active: 19, statusListen: 0, fires: false },
  { name: "near", max: 20, active: 20, statusListen: 0, fires: true },
  { name: "near-by-status-listen", max: 20, active: 19, statusListen: 1, fires: true },
  { name: "at-limit", max: 4, active: undefined, statusListen: 0, fires: true },
  { name: "saturated", max: 4, active: undefined, statusListen: 0, fires: false },
] as const;

describeWith(["promtool"], "the alert on pools near pm.max_children", () => {
  it.each(styles)("leaves out the status request where a worker serves it: %s", async (style) => {
    const series = pools.flatMap(({ name, max, active, statusListen }) => [
      { series: `phpfpm_max_children{pool="${name}"}`, values: `${max}+0x20` },
      { series: `phpfpm_status_listen{pool="${name}"}`, values: `${statusListen}+0x20` },
      active === undefined
        ? {
            series: `phpfpm_diagnosis{pool="${name}",kind="${name.replace("-", "_")}"}`,
            values: "1+0x20",
          }
        : { series: activeOf[style](name), values: `${active}+0x20` },
    ]);
    const expected = pools
      .filter(({ fires }) => fires)
      .map(({ name }) => ({ labels: `{pool="${name}"}`, value: 1 }));
    const expr = `group by (pool) (ALERTS{alertname="PhpFpmNearMaxChildren",alertstate="firing"})`;
    const test = {
      interval: "1m",
      input_series: series,
      promql_expr_test: [{ expr, eval_time: "15m", exp_samples: expected }],
    };
    const said = await runRulesTest({
      rule_files: [rulesOf(style)],
      evaluation_interval: "1m",
      tests: [test],
    });
    expect(said).toMatch(/SUCCESS\s*$/);
  });
});
