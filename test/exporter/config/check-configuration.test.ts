import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

it("knows what cannot work, with its line and column", async () => {
  const path = join(folder, "useless.yaml");
  writeFileSync(
    path,
    `discover: { interval: 1ms, files: ["/etc/**/x.yaml"] }
probe:
  allow: ["[::1]/0:9000", "unix:/run/../etc/*.sock"]
`,
  );
  const error = await checkConfiguration(path).catch((each: Error) => each);
  expect((error as Error).message.replaceAll(path, "").split("\n")).toEqual([
    expect.stringMatching(/^:1:23: this must be a time .*, 1s at least$/),
    expect.stringMatching(/^:1:36: .*is not supported/),
    expect.stringMatching(/^:3:11: .*write \[::1\/0\]$/),
    expect.stringMatching(/^:3:27: .*no \.\.$/),
  ]);
});

it("knows that a textfile cannot be written", async () => {
  const path = join(folder, "textfile.yaml");
  const loop = join(folder, "loop");
  symlinkSync(loop, loop);
  for (const [textfile, problem] of [
    [join(folder, "none", "php.prom"), `has no folder: ${join(folder, "none")} is missing`],
    [folder, `cannot be written: ${folder} is a folder`],
    [join(loop, "php.prom"), "cannot be written: ELOOP"],
  ]) {
    writeFileSync(path, `targets: [h:1]\ntextfile: { path: ${textfile} }\n`);
    await expect(checkConfiguration(path)).rejects.toThrow(`${path}:2:19: the textfile ${problem}`);
  }
});
