import { expect, it, onTestFinished } from "vitest";
import { discover } from "../../src/discovery/discover.js";
import { findPoolTargets } from "../../src/discovery/pool-targets.js";
import { findSubjects } from "../../src/doctor/subjects.js";
import { describeWith } from "../harness/describe-with.js";
import type { PhpFpm } from "../harness/php-fpm.js";
import { childrenOf, isRunning } from "../harness/processes.js";
import { until } from "../harness/server-process.js";
import { ask, examineOne, findingOf, script, startPools } from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 2, listen: "unix" } as const;

const untilLogged = (fpm: PhpFpm, pattern: RegExp) =>
  until(
    () => pattern.test(fpm.log()),
    () => `${pattern} is not in ${fpm.log()}`,
    20_000,
  );

describeWith(["php-fpm"], "doctor, of workers that end", () => {
  it("counts those that a signal has ended", async () => {
    const fpm = await startPools({ pools: [pool] });
    const fault = script(fpm, "fault.php", "posix_kill(getmypid(), 11); sleep(5);");
    await ask(fpm.pool("www"), 1, fault);
    await ask(fpm.pool("www"), 1, "crash.php");
    await untilLogged(fpm, /signal 11[\s\S]*signal 9|signal 9[\s\S]*signal 11/);
    const found = await examineOne(fpm, fpm.pool("www").address);
    const titles = found.findings.filter(({ code }) => code === "workers_crash");
    expect(titles.map(({ title }) => title).sort()).toEqual([
      "SIGKILL has ended 1 worker in the last hour",
      "SIGSEGV has ended 1 worker in the last hour",
    ]);
  });

  it("names exit codes", async () => {
    const extra = { "php_admin_value[ffi.enable]": "1" };
    const fpm = await startPools({ pools: [{ ...pool, extra }] });
    const exits = script(fpm, "exits.php", "FFI::cdef('void _exit(int);')->_exit(7);");
    await ask(fpm.pool("www"), 1, exits);
    await untilLogged(fpm, /exited with code 7/);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "workers_exit").title).toBe(
      "1 worker has ended with exit code 7 in the last hour",
    );
  });

  it("finds pm.max_requests that is too low", async () => {
    const fpm = await startPools({ pools: [{ ...pool, extra: { "pm.max_requests": "1" } }] });
    await ask(fpm.pool("www"), 12, "echo.php");
    await untilLogged(fpm, /(exited with code 0[\s\S]*){10}/);
    const found = await examineOne(fpm, fpm.pool("www").address);
    const { title, line } = findingOf(found, "workers_recycled");
    expect(title).toMatch(/^pm\.max_requests = 1 ends workers after \d+(\.\d)? s$/);
    expect(line).toBeGreaterThan(1);
  });

  it("finds an idle timeout that ends workers between two requests", async () => {
    const extra = { "pm.process_idle_timeout": "1s" };
    const fpm = await startPools({ pools: [{ ...pool, pm: "ondemand", maxChildren: 8, extra }] });
    // One after the other: php-fpm starts a worker for a client that comes while all are busy.
    let turn = 0;
    const requests = setInterval(() => {
      if (turn++ % 66 < 5) void ask(fpm.pool("www"), 1, "sleep.php", "ms=600");
    }, 50);
    onTestFinished(() => clearInterval(requests));
    let found = await examineOne(fpm, fpm.pool("www").address);
    await until(
      async () => {
        found = await examineOne(fpm, fpm.pool("www").address);
        return found.findings.some(({ code }) => code === "workers_thrash");
      },
      () => "nothing was found",
      50_000,
    );
    expect(findingOf(found, "workers_thrash")).toMatchObject({
      title: "pm = ondemand ends and starts workers all the time",
      evidence: [
        expect.stringMatching(/ended and \d were started$/),
        "pm.process_idle_timeout is 1 s",
      ],
    });
  }, 60_000);

  it("finds a dynamic pool whose spare workers end between two bursts of requests", async () => {
    const extra = {
      "pm.start_servers": "1",
      "pm.min_spare_servers": "1",
      "pm.max_spare_servers": "1",
    };
    const fpm = await startPools({ pools: [{ ...pool, pm: "dynamic", maxChildren: 8, extra }] });
    const bursts = setInterval(() => void ask(fpm.pool("www"), 4, "sleep.php", "ms=300"), 1_500);
    onTestFinished(() => clearInterval(bursts));
    let found = await examineOne(fpm, fpm.pool("www").address);
    await until(
      async () => {
        found = await examineOne(fpm, fpm.pool("www").address);
        return found.findings.some(({ code }) => code === "workers_thrash");
      },
      () => "nothing was found",
      50_000,
    );
    expect(findingOf(found, "workers_thrash")).toMatchObject({
      title: "pm = dynamic ends and starts workers all the time",
      evidence: [expect.stringMatching(/ended and \d+ were started$/)],
      change: expect.stringContaining("raise pm.max_spare_servers"),
    });
  }, 60_000);

  it("finds workers that serve on after their master was killed", async () => {
    const fpm = await startPools({ pools: [{ ...pool, pm: "dynamic", listen: "tcp" }] });
    const pids = childrenOf(fpm.pid);
    onTestFinished(() => pids.forEach((pid) => void process.kill(pid, "SIGKILL")));
    process.kill(fpm.pid, "SIGKILL");
    await until(
      () => !isRunning(fpm.pid),
      () => "the master runs",
    );
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(found.verdict).toBe("findings");
    const { severity, title, change } = findingOf(found, "no_master");
    expect(severity).toBe("critical");
    expect(title).toMatch(
      /^php-fpm's master has ended, and (\d workers serve|1 worker serves) on without it$/,
    );
    for (const pid of pids) expect(change).toContain(`${pid}`);
    expect(found.notLookedAt).toEqual([]);
    // The default configuration does not name the pool: its workers lead to it.
    const { bareAddress: bare } = fpm.pool("www");
    const { targets } = await discover({ apache: false });
    expect(targets.find((target) => target.address === bare)).toMatchObject({
      state: "no master",
      labels: { pool: "www" },
      hint: expect.stringContaining(pids.join(" ")),
    });
    const { addresses, problems } = await findPoolTargets("status");
    expect(addresses).toContain(bare);
    expect(problems.map(({ source }) => source)).toContain("php-fpm pool www");
    const { subjects } = await findSubjects([]);
    expect(subjects.map(({ target }) => target)).toContain(bare);
  });

  it("finds stopped workers", async () => {
    const fpm = await startPools({ pools: [pool] });
    const pids = childrenOf(fpm.pid);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    onTestFinished(() => pids.forEach((pid) => void process.kill(pid, "SIGCONT")));
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "workers_stopped")).toMatchObject({
      severity: "critical",
      title: "2 of 2 workers are stopped",
    });
    expect(found.findings[0]?.code).toBe("workers_stopped");
  });
});
