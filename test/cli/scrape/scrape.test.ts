import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../../src/client/fetch.js";
import { status } from "../../../src/phpfpm/status.js";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../../harness/php-fpm.js";
import { makeFolder } from "../../harness/server-process.js";
import { runHere } from "../cli.js";

const dead = "127.0.0.1:1/status";

describeWith(["php-fpm"], "scrape and real pools", () => {
  const folder = makeFolder();
  let fpm: PhpFpm;
  let good: string;
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => {
    writeFileSync(path(name), text);
    return path(name);
  };
  const fileSd = (...groups: { targets: string[]; labels: Record<string, string> }[]) =>
    write("pools.json", JSON.stringify(groups));

  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "www", pm: "static", maxChildren: 2, listen: "unix" },
        { name: "busy", pm: "static", maxChildren: 2, listen: "unix" },
      ],
    });
    good = fpm.pool("www").address;
  });
  afterAll(async () => {
    await fpm.stop();
    rmSync(folder, { recursive: true });
  });

  describe("the labels of file_sd", () => {
    const site = { site: "shop", __metrics_path__: "/probe" };
    const run = (format: string) =>
      runHere(["scrape", "--format", format, fileSd({ targets: [good, dead], labels: site })]);

    it.each([
      ["json", (text: string) => JSON.parse(text)],
      [
        "ndjson",
        (text: string) =>
          text
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line)),
      ],
    ])("are in %s", async (format, read) => {
      const results = read((await run(format)).stdout);
      const labels = { site: "shop" };
      expect(results).toContainEqual(expect.objectContaining({ target: good, ok: true, labels }));
      expect(results).toContainEqual(expect.objectContaining({ target: dead, ok: false, labels }));
    });

    it("are in the metrics", async () => {
      const { stdout } = await run("prometheus");
      expect(stdout).toContain(`phpfpm_up{pool="www",scrape_uri="${good}",site="shop"} 1\n`);
      expect(stdout).toContain(`phpfpm_up{pool="",scrape_uri="${dead}",site="shop"} 0\n`);
    });

    it("are a column of the table", async () => {
      const { stdout } = await run("table");
      expect(stdout).toMatch(/ LABELS +TARGET$/m);
      expect(stdout).toMatch(new RegExp(`^www .* site=shop +${good}$`, "m"));
    });

    it("are those of each time that an address is given", async () => {
      const one = { targets: [good], labels: { site: "one" } };
      const other = { targets: [good], labels: { site: "other" } };
      const { stdout } = await runHere(["scrape", "-j", fileSd(one, other)]);
      const sites = JSON.parse(stdout).map((result: typeof one) => result.labels["site"]);
      expect(sites.sort()).toEqual(["one", "other"]);
    });
  });

  describe("--output", () => {
    it("replaces a file, which any user can read", async () => {
      const file = write("pools.prom", "old\n");
      chmodSync(file, 0o600);
      const { code, stdout } = await runHere(["scrape", "-o", file, good, dead]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(readFileSync(file, "utf8")).toMatch(/^# HELP phpfpm_up /);
      expect(statSync(file).mode & 0o777).toBe(0o644);
      expect(existsSync(`${file}.tmp`)).toBe(false);
    });

    it("chooses the format by the name, and --format before it", async () => {
      await runHere(["scrape", "-o", path("all.json"), good]);
      expect(JSON.parse(readFileSync(path("all.json"), "utf8"))).toHaveLength(1);
      await runHere(["scrape", "-o", path("all"), good]);
      expect(JSON.parse(readFileSync(path("all"), "utf8"))).toMatchObject({ pool: "www" });
      const { stderr } = await runHere(["scrape", "--format", "table", "-o", path("x.prom"), good]);
      expect(readFileSync(path("x.prom"), "utf8")).toMatch(/^POOL /);
      expect(stderr).not.toContain("warning");
    });

    it("warns about a name that node_exporter does not read", async () => {
      const args = ["scrape", "--format", "prometheus", "-o", path("pools.txt"), good];
      const { code, stderr } = await runHere(args);
      expect(code).toBe(0);
      expect(stderr).toContain(
        "pools.txt: node_exporter reads only files whose names end in .prom",
      );
    });

    it("leaves the file as it is if the targets cannot be read", async () => {
      const file = write("kept.json", "old");
      const { code } = await runHere(["scrape", "-", "-o", file], { stdin: "- 5\n" });
      expect(code).toBe(2);
      expect(readFileSync(file, "utf8")).toBe("old");
    });

    it("is exit 2 with a hint where the file cannot be written", async () => {
      const { code, stderr } = await runHere(["scrape", "-o", path("none/x.prom"), good]);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /fcgi-probe: the folder .*none does not exist\nhint: name a file in a folder/,
      );
    });
  });

  it("--fail-on says which failures make the exit status", async () => {
    const codes = [];
    for (const failOn of ["any", "all", "never"]) {
      for (const targets of [[good], [good, dead], [dead]]) {
        codes.push((await runHere(["scrape", "--fail-on", failOn, ...targets])).code);
      }
    }
    expect(codes).toEqual([0, 1, 1, 0, 0, 1, 0, 0, 0]);
  });

  it("--interval reads the list once, and the targets again and again", async () => {
    const stop = new AbortController();
    const list = write("list.txt", `${good}\n`);
    const args = ["scrape", list, "--format", "ndjson", "--interval", "50ms", "-q"];
    const running = runHere(args, { stop });
    setTimeout(() => rmSync(list), 200);
    setTimeout(() => stop.abort(), 1_000);
    const { code, stdout, stderr } = await running;
    expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
    const lines = stdout.trim().split("\n");
    expect(lines.length).toBeGreaterThan(2);
    const counts = lines.map((line) => JSON.parse(line).acceptedConn);
    expect(new Set(counts).size).toBe(counts.length);
  });

  it.each(["json", "prometheus"])("--interval writes %s only to a file", async (format) => {
    const args = ["scrape", "--interval", "1s", "--format", format, good];
    const { code, stderr } = await runHere(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/hint: write it to a file, as in --output/);
  });

  it("counts no pool as saturated that had a worker for the page, and shows failures by kind", async () => {
    const { address } = fpm.pool("busy");
    const sleep = new Request("http://localhost/sleep.php?ms=3000");
    const sleeping = gatewayFetch(fpm.pool("busy").bareAddress, sleep, {
      scriptFilename: phpScript("sleep.php"),
    });
    while ((await status(address)).activeProcesses !== 2);
    const { stderr } = await runHere(["scrape", "--format", "table", address, good, dead, dead]);
    await (await sleeping).text();
    expect(stderr).toContain("fcgi-probe: 2 pools answer, 2 failed (--verbose lists all):\n");
    expect(stderr).toMatch(/^4 targets: 2 ok, 2 refused in /m);
  });

  it("says nothing with --quiet while all is well", async () => {
    const { stderr } = await runHere(["scrape", "-q", good]);
    expect(stderr).toBe("");
  });
});
