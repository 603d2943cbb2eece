import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parseConfiguration } from "../../../src/exporter/config/configuration.js";
import { watchConfiguration } from "../../../src/exporter/config/watch-configuration.js";
import { createExporter } from "../../../src/exporter/create-exporter.js";
import type { ExporterSettings, LogRecord } from "../../../src/exporter/settings.js";

const url = "http://admin:hunter2@127.0.0.1:9/server-status?auto";

it("no log shows the password of a URL", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-secrets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const group = { targets: [url, url], labels: { __param_module: "none" } };
  const twice = [group, { targets: ["http://admin:hunter2@[/x"] }];
  writeFileSync(join(folder, "t.json"), JSON.stringify(twice));
  const file = join(folder, "site.yaml");
  writeFileSync(file, `targets: ["${url}"]\ndiscover: { files: [t.json] }\nprobe: {}\n`);
  const records: LogRecord[] = [];
  const log = (record: LogRecord) => records.push(record);
  let settings: ExporterSettings = { targets: [] };
  const watched = await watchConfiguration(file, { onSettings: (next) => (settings = next), log });
  onTestFinished(() => watched.close());
  const exporter = createExporter({ ...settings, log });
  onTestFinished(() => exporter.close());
  const get = (path: string) => exporter.fetch(new Request(`http://exporter${path}`));
  const metrics = await (await get("/metrics")).text();
  expect(metrics).toContain("apache_up");
  await get(`/probe?target=${encodeURIComponent("http://admin:hunter2@127.0.0.1:8/x")}`);
  const messages = records.map(({ message }) => message);
  expect(messages).toEqual(
    expect.arrayContaining([
      "a target is left out",
      "the target cannot be read",
      "refused to probe",
    ]),
  );
  expect(JSON.stringify(records)).not.toContain("hunter2");
  expect(metrics).not.toContain("hunter2");
});

it("no error of a configuration shows the password of a URL", () => {
  for (const text of [`targets: ["${url}", "${url}"]`, 'targets: ["http://u:hunter2@[/x"]']) {
    let message = "";
    try {
      parseConfiguration(text, "site.yaml");
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain("site.yaml:1:");
    expect(message).not.toContain("hunter2");
  }
});
