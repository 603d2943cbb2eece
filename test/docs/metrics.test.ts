import { expect, it } from "vitest";
import { metricsOf } from "../packaging/metric-names.js";
import { pages } from "./pages.js";

/** Programs, whose names look like metrics. */
const programs = ["apache_exporter", "apache_manager"];

it("the metrics that the documents name are those of the exporter", () => {
  const known = new Set([...metricsOf("drop-in"), ...metricsOf("modern")]);
  const named = pages
    .filter(({ path }) => path.startsWith("docs/") || path === "README.md")
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\b(?:phpfpm|apache|fcgi_probe)_\w*\w\b/g)].map(([name]) => ({
        path,
        name,
      })),
    );
  expect(named.length).toBeGreaterThan(30);
  const unknown = named.filter(({ name }) => !known.has(name) && !programs.includes(name));
  expect(unknown).toEqual([]);
});
