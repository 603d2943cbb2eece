import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";
import { runHere } from "./cli.js";
import { goodPool, start } from "./fake-pool.js";

describeWith(["php-fpm"], "status of pools of this machine", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 2, listen: "unix" } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "calm" },
        { ...common, name: "half" },
        { ...common, name: "whole", statusListen: true },
        { ...common, name: "busy", backlog: 9, statusListen: true },
      ],
    });
  });
  afterAll(() => fpm.stop());

  it("has the kernel's queue of a unix socket in the table, and beside the page's in JSON", async () => {
    const { endpoint, statusListenAddress: address = "" } = fpm.pool("busy");
    const clients = Array.from({ length: 5 }, () => connect(endpoint).on("error", () => {}));
    onTestFinished(() => clients.forEach((client) => void client.destroy()));
    const json = async () => JSON.parse((await runHere(["status", "-j", address])).stdout)[0];
    await until(
      async () => (await json()).acceptQueue.waiting === 3,
      () => "three clients do not wait",
    );
    expect(await json()).toMatchObject({
      listenQueue: 0,
      acceptQueue: { waiting: 3, abandoned: 0, limit: 9 },
    });
    const { stdout } = await runHere(["status", fpm.pool("calm").address, address, "--sort=queue"]);
    const rows = stdout.split("\n");
    expect(rows[1]).toMatch(/^busy +static .* 3\/9 /);
    expect(rows[2]).toMatch(/^calm +static .* 0(?:\/\d+)? /);
    expect(stdout).toContain("busy is saturated: ");
    const text = await runHere(["status", "--format=prometheus", address]);
    expect(text.stdout).toMatch(/^phpfpm_listen_queue\{.*\} 0$/m);
  });

  it("is not saturated by one request beside that for the page, but by as many as it has workers", async () => {
    const stop = new AbortController();
    const occupy = (name: string) =>
      gatewayFetch(fpm.pool(name).bareAddress, "http://localhost/sleep.php?ms=20000", {
        scriptFilename: phpScript("sleep.php"),
        signal: stop.signal,
      }).catch(() => {});
    const requests = [occupy("half"), occupy("whole"), occupy("whole")];
    onTestFinished(async () => {
      stop.abort();
      await Promise.all(requests);
    });
    let text = "";
    const untilTwoBusy = (target = "") =>
      until(
        async () => {
          text = (await runHere(["status", target])).stdout;
          return /static +2 +0 +2 /.test(text);
        },
        () => `two workers are not busy: ${text}`,
      );
    await untilTwoBusy(fpm.pool("half").address);
    expect(text).not.toMatch(/saturated|every process/);
    await untilTwoBusy(fpm.pool("whole").statusListenAddress);
    expect(text).toContain("whole is saturated: every process is busy (2 of 2)");
  });

  it("lists running processes alone, by the chosen value, and cuts nothing", async () => {
    const { address } = fpm.pool("calm");
    const narrow = { columns: 50, env: { NO_COLOR: "1" } };
    const all = await runHere(["status", address, "--sort", "pid"], narrow);
    const pids = [...all.stdout.matchAll(/^ *(\d+) +\w+/gm)].map(([, pid]) => Number(pid));
    expect(pids).toHaveLength(2);
    expect(pids).toEqual(pids.toSorted((one, other) => one - other));
    const args = ["status", address, "--only", "running", "--wide"];
    const { stdout } = await runHere(args, narrow);
    expect(stdout).toContain(`calm, ${address}: 2 processes, 1 running`);
    expect(stdout.match(/ (?:Running|Idle) /g)).toEqual([" Running "]);
    expect(stdout).toMatch(/GET +\/status\?full/);
  });
});

describe("options that contradict each other", () => {
  it.each([
    [["--json", "--format", "table"], "--json contradicts --format table"],
    [["--format=text", "-j"], "--json contradicts --format text"],
    [["-j", "--wide"], "--wide is for the table, not for json"],
    [["--format=prometheus", "--sort=queue"], "--sort is for the table, not for prometheus"],
  ])("are an error: %j", async (options, message) => {
    const { code, stdout, stderr } = await runHere(["status", await start(goodPool), ...options]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`fcgi-probe: ${message}\nhint: `);
  });

  it("are none where they say the same", async () => {
    const { code } = await runHere(["status", await start(goodPool), "-j", "--format=json"]);
    expect(code).toBe(0);
  });
});
