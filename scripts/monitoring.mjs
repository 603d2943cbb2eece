// Makes packaging/grafana/ and packaging/prometheus/: dashboards and alert rules for both styles of
// metrics, from one table of expressions. `--check` only compares, and fails if a file is not current.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { dashboard } from "./monitoring/dashboard.mjs";
import { rules } from "./monitoring/rules.mjs";

const packaging = join(dirname(dirname(fileURLToPath(import.meta.url))), "packaging");
const note = "# Made by scripts/monitoring.mjs.\n";

const files = ["drop-in", "modern"].flatMap((style) => [
  [`grafana/fcgi-probe-${style}.json`, `${JSON.stringify(dashboard(style), undefined, 2)}\n`],
  [`prometheus/fcgi-probe-${style}.rules.yaml`, note + stringify(rules(style))],
]);

for (const [name, text] of files) {
  const path = join(packaging, name);
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    process.stderr.write(`packaging/${name} is not current: run node scripts/monitoring.mjs\n`);
    process.exitCode = 1;
  }
}
