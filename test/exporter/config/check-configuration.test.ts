import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkConfiguration } from "../../../src/exporter/config/check-configuration.js";

const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("counts the targets of each source, and says what would be left out", async () => {
  const path = join(folder, "site.yaml");
  writeFileSync(path, "targets: [h:1]\ndiscover: { files: ['*.targets', none.yaml] }\n");
  writeFileSync(join(folder, "a.targets"), "h:1\nh:2\nnonsense\n");
  const { counts, warnings } = await checkConfiguration(path);
  expect(counts).toEqual([
    { source: path, targets: 1 },
    { source: `files ${folder}/*.targets`, targets: 3 },
    { source: `files ${folder}/none.yaml`, targets: 0 },
  ]);
  expect(warnings).toEqual([
    expect.stringContaining("none.yaml"),
    expect.stringMatching(/a\.targets: "nonsense" is neither/),
    `h:1 is in ${path}:1 and in ${folder}/a.targets`,
  ]);
});

it("reports all errors of the file", async () => {
  const path = join(folder, "wrong.yaml");
  writeFileSync(path, "a: 1\nb: 2\n");
  await expect(checkConfiguration(path)).rejects.toThrow(/wrong\.yaml:1:1: .*\n.*wrong\.yaml:2:1/);
});
