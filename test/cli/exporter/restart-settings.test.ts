import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seriesValue } from "../../exporter/targets.js";
import { makeFolder } from "../../harness/server-process.js";
import { runHere } from "../cli.js";
import { startExporter } from "./start-exporter.js";

const listen = 'listen: ["127.0.0.1:0"], lifecycle: true';
const first = `targets: ["127.0.0.1:1/first"]\nweb: { ${listen} }\n`;

/** An exporter, and a reload of another file: its status and its text. */
async function startReloadable() {
  const file = join(makeFolder(), "site.yaml");
  writeFileSync(file, first);
  const exporter = await startExporter([`--config=${file}`], { listensItself: true });
  const reload = async (text: string) => {
    writeFileSync(file, text);
    const response = await fetch(`${exporter.url}/-/reload`, { method: "POST" });
    return [response.status, await response.text()] as const;
  };
  return { exporter, reload, [Symbol.asyncDispose]: () => exporter[Symbol.asyncDispose]() };
}

const isGood = "fcgi_probe_config_last_reload_successful";

describe("a reload of what only a start applies", () => {
  it("is refused where a start would refuse it, and the old configuration stays", async () => {
    await using it = await startReloadable();
    const second = 'targets: ["127.0.0.1:1/second"]\n';
    for (const [web, problem] of [
      [`web: { ${listen}, config_file: none.yml }\n`, /none\.yml/],
      ['web: { lifecycle: true, listen: ["nonsense"] }\n', /nonsense/],
    ] as const) {
      expect(await it.reload(second + web)).toEqual([500, expect.stringMatching(problem)]);
      const text = await it.exporter.get("/metrics");
      expect(seriesValue(text, isGood)).toBe(0);
      expect(text).toContain("127.0.0.1:1/first");
    }
    expect((await it.reload(first))[0]).toBe(200);
    expect(seriesValue(await it.exporter.get("/metrics"), isGood)).toBe(1);
    expect(it.exporter.log).not.toContain("needs a restart");
  });

  it("names the keys that need a restart", async () => {
    await using it = await startReloadable();
    const more = "textfile: /nowhere/x.prom\notlp: { endpoint: 'http://127.0.0.1:1' }\n";
    const text = `${first}${more}log: { level: debug, format: json }\n`;
    expect((await it.reload(text))[0]).toBe(200);
    await it.exporter.logs("the change of textfile, otlp, log.level, log.format needs a restart");
    const web = 'web: { lifecycle: true, listen: ["127.0.0.1:1"] }\n';
    expect((await it.reload(`targets: ["127.0.0.1:1/second"]\n${web}`))[0]).toBe(200);
    await it.exporter.logs("the change of web.listen needs a restart");
    expect(await it.exporter.get("/metrics")).toContain("127.0.0.1:1/second");
  });
});

it("an address that is none ends a start as it ends --check-config", async () => {
  const args = ["exporter", "--web.listen-address=nonsense", "127.0.0.1:1/status"];
  const check = await runHere([...args, "--check-config"]);
  expect([check.code, check.stderr]).toEqual([2, expect.stringContaining("nonsense")]);
  expect(await runHere(args)).toMatchObject({ code: 2, stderr: check.stderr });
});
