import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { captured, processesOf, servePages } from "./apache-world.js";
import { log, manage, report, saved, settings, systemLines } from "./manager-world.js";

describe("apache-manager, as version 2", () => {
  it("S1.I collects with -c, prints nothing, and counts foreign and native workers", async () => {
    expect(await manage(["--collect-metrics"])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(saved()).toContain(
      "foreign-worker-count\t0\nnative-worker-count\t3\nstatus-response\t0\n",
    );
  });

  it("S1.I does not kill without -k, whatever the limits", async () => {
    const { stderr } = await manage(["-c", "-i", "1"]);
    expect(stderr).toBe("");
  });

  it("S1.I S1.72 kills with -k by the limits of the settings, and logs a notice", async () => {
    writeFileSync(settings, "[apache-manager]\nmax-memory-idle = 180M\n");
    const { code, stdout, stderr } = await manage(["-kn"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain(
      log(
        "NOTICE",
        "Killing native worker 5029045 (idle) using 200 MB (GET /server-status?auto HTTP/1.1) ..",
      ),
    );
    expect(stderr.endsWith(log("INFO", "Would kill 2 of 3 Apache workers."))).toBe(true);
    expect(saved()).toBeUndefined();
  });

  it("S1.I takes the command line before the settings", async () => {
    writeFileSync(settings, "[apache-manager]\nmax-memory-idle = 1\n");
    const { stderr } = await manage(["-kn", "--max-memory-idle=1G"]);
    expect(stderr).toContain("No Apache workers killed (found 3 workers");
  });

  it("S1.90 shows less with -q, but notices", async () => {
    const { stderr } = await manage(["-knq", "-i", "250M"]);
    expect(stderr).toMatch(
      /^\S+ \S+ web1 apache_manager\[44\] NOTICE Killing native .*300 MB.*\n$/,
    );
    expect(systemLines.at(-1)).toMatch(/^NOTICE Killing native .* \(idle\)/);
  });

  it("S1.I counts hanging workers by the threshold", async () => {
    const loaded = captured("prefork-loaded");
    const url = await servePages(loaded);
    const processes = processesOf(loaded.html, () => 4096);
    const run = (threshold: string) =>
      manage(["-c", "-f", "-", "-T", threshold], {}, processes, url);
    expect((await run("1h")).stdout).toContain("workers-hanging\t0\n");
    expect((await run("1s")).stdout).toMatch(/^workers-hanging\t[1-9]\d*$/m);
  });

  it("S1.I writes nothing to a file in a dry run, and prints it to -", async () => {
    expect((await manage(["-cn"])).stdout).toBe("");
    expect(saved()).toBeUndefined();
    expect((await manage(["-cn", "--data-file=-"])).stdout).toContain("native-worker-count\t3\n");
  });

  it("S1.I reports if no action is requested", async () => {
    expect(await manage(["-T", "1m"])).toEqual({ code: 0, stdout: report, stderr: "" });
    expect(saved()).toBeUndefined();
  });

  it.each([
    [["-k", "x"], "Error: This program doesn't support any positional arguments!\n"],
    [["-cw"], "Error: The 'apache-manager --watch' command requires an interactive terminal!\n"],
  ])("S1.I refuses %j", async (args, message) => {
    expect(await manage(args)).toEqual({ code: 1, stdout: "", stderr: message });
  });

  it("warns of settings that it does not understand", async () => {
    writeFileSync(settings, "[apache-manager]\nnonsense = 1\n");
    const { stderr } = await manage(["-c"]);
    expect(stderr).toContain("WARNING");
    expect(stderr).toContain("sets nonsense on line 2, which is not a setting");
  });
});
