import type { Examination, PoolExamination } from "../../doctor/doctor.js";
import { type Finding, FindingSeverity } from "../../doctor/finding.js";
import type { Style } from "../../terminal/style.js";
import { visible } from "../../terminal/text.js";

/** The examinations for people: of each pool the verdict, its findings, and what was not looked at. */
export function doctorText({ pools }: Examination, style: Style): string {
  return `${pools.map((pool) => poolLines(pool, style).join("\n")).join("\n\n")}\n`;
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

function verdict({ verdict: word, findings }: PoolExamination, style: Style): string {
  const [worst] = findings;
  if (worst !== undefined) return paintOf(worst, style)(visible(worst.title));
  if (word === "healthy") return style.good("healthy");
  return style.warning("nothing could be looked at");
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
