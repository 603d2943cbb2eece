import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StatusSource } from "../../src/apache/fetch/status-source.js";
import { ProcFileSystem } from "../../src/apache/processes/process-table.js";
import { findHttpds } from "../../src/discovery/httpds.js";
import { type Apache, startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";

const table = new ProcFileSystem();

describeWith(["apache2"], "findHttpds", () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache({ mpm: "event" });
  });
  afterAll(() => apache?.stop());

  const found = () =>
    findHttpds(undefined, table).targets.filter(({ source }) => source === apache.configuration);

  it("finds a running httpd, and the address of a page that answers", async () => {
    const [target] = found();
    expect(target).toMatchObject({
      kind: "apache",
      address: `${apache.url}/server-status?auto`,
      labels: { config: apache.configuration },
      state: "ready",
      problem: undefined,
    });
    const options = { timeout: 5_000, host: target?.host };
    const page = await new StatusSource(target?.address ?? "", options).status();
    expect(page.scoreboard?.letters).toContain("_");
  });

  it("finds each of several httpds", async () => {
    const other = await startApache({ mpm: "prefork" });
    const sources = findHttpds(undefined, table).targets.map(({ source }) => source);
    await other.stop();
    expect(sources).toEqual(expect.arrayContaining([apache.configuration, other.configuration]));
  });

  it("reports a configuration that is missing", () => {
    const { targets, problems } = findHttpds(["/nowhere/httpd.conf"], table);
    expect(targets).toEqual([]);
    expect(problems[0]?.source).toBe("/nowhere/httpd.conf");
    expect(problems[0]?.message).toContain("missing");
  });

  it("does not find one that has ended, and knows it by its file as not running", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-httpd-"));
    const file = join(folder, "httpd.conf");
    copyFileSync(apache.configuration, file);
    await apache.stop();
    expect(found()).toEqual([]);
    const { targets } = findHttpds([file], table);
    rmSync(folder, { recursive: true });
    expect(targets[0]).toMatchObject({ state: "not running" });
    expect(targets[0]?.hint).toContain("start httpd");
  });
});
