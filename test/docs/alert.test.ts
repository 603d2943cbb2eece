import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { rulesOf } from "../packaging/incident.js";
import { blocksOf, readPage } from "./pages.js";

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[];
}

it("the alert on a saturated pool of docs/monitoring.md is that of packaging/prometheus", () => {
  const saturated = (text: string) =>
    (parse(text) as Rules).groups.flatMap(({ rules }) =>
      rules.filter(({ alert }) => alert === "PhpFpmPoolSaturated"),
    );
  const shown = blocksOf(readPage("docs/monitoring.md")).find(({ text }) =>
    text.includes("PhpFpmPoolSaturated"),
  );
  const shipped = saturated(readFileSync(rulesOf("drop-in"), "utf8"));
  expect(shipped).toHaveLength(1);
  expect(saturated(shown?.text ?? "")).toEqual(shipped);
});
