import type { Examination, PoolExamination } from "../../doctor/doctor.js";
import { type Finding, FindingSeverity } from "../../doctor/finding.js";
import type { Style } from "../../terminal/style.js";
import { visible } from "../../terminal/text.js";
import { counted } from "../../terminal/units.js";

/** Healthy pools are named up to this number. */
const NAMED = 10;

/**
 * The examinations for people: of each sick pool the verdict, its findings, and what was not looked
 * at; the healthy ones in one line. With several pools, the first line counts them.
 */
export function doctorText({ pools, leftOut }: Examination, style: Style): string {
  const isPlain = ({ verdict, notLookedAt }: PoolExamination) =>
    pools.length > 1 && verdict === "healthy" && notLookedAt.length === 0;
  const shown = pools.filter((pool) => !isPlain(pool));
  const parts = shown.map((pool) => poolLines(pool, style).join("\n"));
  const healthy = pools.filter(isPlain);
  if (healthy.length > 0) parts.push(healthyLine(healthy, style));
  if (pools.length > 1) parts.unshift(countLine(pools, style));
  if (leftOut > 0) {
    const left = counted(leftOut, "more pool was", "more pools were");
    parts.push(
      style.warning(
        `${left} left out for want of time: those with most waiting clients came first. See one: fcgi-probe doctor TARGET`,
      ),
    );
  }
  return `${parts.join("\n\n")}\n`;
}

function countLine(pools: readonly PoolExamination[], style: Style): string {
  const sick = pools.filter(({ verdict }) => verdict === "findings");
  const unknown = pools.filter(({ verdict }) => verdict === "unknown").length;
  const [first] = sick;
  const worst = first?.findings[0];
  if (worst === undefined) {
    const rest = unknown === 0 ? "" : `, ${unknown} could not be looked at`;
    return `${style.good("no findings")} in ${counted(pools.length, "pool", "pools")}${rest}`;
  }
  const text = `${sick.length} of ${counted(pools.length, "pool", "pools")} have findings; the worst: ${first?.pool ?? first?.target}, ${worst.title}`;
  return paintOf(worst, style)(visible(text));
}

function healthyLine(pools: readonly PoolExamination[], style: Style): string {
  const names = pools.slice(0, NAMED).map(({ pool, target }) => pool ?? target);
  const rest = pools.length - names.length;
  const more = rest === 0 ? "" : `, and ${rest} more`;
  return `${style.good("healthy:")} ${visible(names.join(", "))}${more}`;
}

function poolLines(pool: PoolExamination, style: Style): string[] {
  return [
    `${style.heading(visible(`${pool.pool ?? "pool"}, ${pool.target}:`))} ${verdict(pool, style)}`,
    ...pool.findings.flatMap((finding, index) => findingLines(finding, index + 1, style)),
    ...pool.notLookedAt.map(({ what, why }) =>
      style.faint(visible(`  not looked at: ${what} (${why})`)),
    ),
  ];
}

function verdict({ verdict: word, findings, notLookedAt }: PoolExamination, style: Style): string {
  const [worst] = findings;
  if (worst !== undefined) return paintOf(worst, style)(visible(worst.title));
  if (word === "unknown") return style.warning("neither its page nor its workers could be read");
  if (notLookedAt.length === 0) return style.good("healthy");
  const missing = counted(notLookedAt.length, "thing", "things");
  return style.calm(`no fault seen, but ${missing} could not be looked at`);
}

function findingLines(finding: Finding, number: number, style: Style): string[] {
  const { severity, code, title, evidence, change, file, line } = finding;
  const place =
    file === undefined ? [] : [`     in: ${file}${line === undefined ? "" : `:${line}`}`];
  return [
    `  ${number}. ${paintOf(finding, style)(severity)} ${visible(title)} ${style.faint(`[${code}]`)}`,
    ...evidence.map((text) => visible(`     - ${text}`)),
    visible(`     change: ${change}`),
    ...place.map(visible),
  ];
}

function paintOf({ severity }: Finding, style: Style): (text: string) => string {
  if (severity === FindingSeverity.Critical) return style.bad;
  return severity === FindingSeverity.Warning ? style.warning : style.calm;
}
