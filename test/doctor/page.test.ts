import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { findSubjects } from "../../src/doctor/subjects.js";
import { runHere } from "../cli/cli.js";
import { describeWith } from "../harness/describe-with.js";
import { startFakeServer } from "../harness/fake-server.js";
import type { PhpFpm } from "../harness/php-fpm.js";
import { ask, examineOne, findingOf, startPools, untilQueued } from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 2, listen: "unix" } as const;

const bin = new URL("../../bin/fcgi-probe.js", import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;

describeWith(["php-fpm"], "doctor, of a status page", () => {
  it("says that it is off", async () => {
    const fpm = await startPools({ pools: [{ ...pool, extra: { "pm.status_path": "" } }] });
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "status_off").change).toBe(
      'add the line "pm.status_path = /status" below [www], then reload php-fpm',
    );
  });

  it("says where it is", async () => {
    const fpm = await startPools({
      pools: [{ ...pool, extra: { "pm.status_path": "/fpm-status" } }],
    });
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "status_elsewhere").title).toBe("the status page is at /fpm-status");
  });

  it("advises pm.status_listen where the page waits behind requests", async () => {
    const fpm = await startPools({ pools: [pool] });
    await ask(fpm.pool("www"), 3, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 1);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "no_status_listen")).toMatchObject({
      severity: "notice",
      change: expect.stringContaining(`"pm.status_listen = ${fpm.folder}/www-status.sock"`),
    });
    expect(found.findings[0]?.severity).toBe("critical");
  });

  it("says that the socket's file was removed, which no reload mends", async () => {
    const fpm = await startPools({ pools: [pool] });
    const file = join(fpm.folder, "php-fpm.conf");
    rmSync(fpm.pool("www").bareAddress);
    const args = ["doctor", fpm.pool("www").address, "--json", "--php-fpm-config", file];
    const { code, stdout } = await runHere(args);
    expect(code).toBe(1);
    const { pools } = JSON.parse(stdout);
    expect(findingOf(pools[0], "socket_removed").change).toMatch(/^restart php-fpm/);
    const found = await runHere(["discover", "--php-fpm-config", file]);
    expect(found.stdout).toMatch(/was removed, .*\n +hint: restart php-fpm/);
  });

  it("says that the client is not allowed", async () => {
    const extra = { "listen.allowed_clients": "127.0.0.9" };
    const fpm = await startPools({ pools: [{ ...pool, listen: "tcp", extra }] });
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "not_allowed").title).toBe(
      "closed without an answer: listen.allowed_clients is 127.0.0.9",
    );
  });

  it("says that the status page is silent, and what the workers do", async () => {
    const fpm = await startPools({ pools: [{ ...pool, statusListen: true }] });
    // The pool of pm.status_listen has no worker until the master starts one.
    process.kill(fpm.pid, "SIGSTOP");
    onTestFinished(() => void process.kill(fpm.pid, "SIGCONT"));
    const found = await examineOne(fpm, fpm.pool("www").statusListenAddress ?? "");
    expect(findingOf(found, "master_stopped").severity).toBe("critical");
    expect(findingOf(found, "no_answer").evidence).toEqual(["0 workers have a connection"]);
  });

  it("says that something else listens", async () => {
    const fpm = await startPools({ pools: [pool] });
    const other = await startFakeServer((peer) => peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
    onTestFinished(() => other.stop());
    const found = await examineOne(fpm, `${other.address}:/status`);
    expect(findingOf(found, "not_fastcgi").severity).toBe("critical");
  });

  it.runIf(isRoot)("says to a user who may not connect what to change", async () => {
    const extra = { "listen.mode": "0660", "listen.group": "daemon" };
    const fpm = await startPools({ pools: [{ ...pool, extra }] });
    chmodSync(fpm.folder, 0o755);
    const file = join(fpm.folder, "php-fpm.conf");
    const args = [bin, "doctor", fpm.pool("www").address, "--json", "--php-fpm-config", file];
    const nobody = { uid: 65_534, gid: 65_534, cwd: "/", encoding: "utf8" } as const;
    const { stdout, status } = spawnSync(process.execPath, args, nobody);
    expect(status).toBe(1);
    const [found] = JSON.parse(stdout).pools;
    expect(findingOf(found, "no_permission")).toMatchObject({
      title: expect.stringContaining(":daemon with mode 0660"),
      change: expect.stringContaining("join the group daemon"),
    });
    expect(found.notLookedAt.map(({ what }: { what: string }) => what)).toContain(
      "what the workers do",
    );
  });

  /** What the doctor says to a user who may connect, and may not see what the workers do. */
  const examineAsNobody = (fpm: PhpFpm, ...options: string[]) => {
    chmodSync(fpm.folder, 0o755);
    const file = join(fpm.folder, "php-fpm.conf");
    const args = [bin, "doctor", fpm.pool("www").address, "--php-fpm-config", file, ...options];
    const nobody = { uid: 65_534, gid: 65_534, cwd: "/", encoding: "utf8" } as const;
    return spawnSync(process.execPath, args, nobody);
  };

  it.runIf(isRoot)("does not say why a pool is silent whose workers it cannot see", async () => {
    const fpm = await startPools({ pools: [{ ...pool, extra: { "listen.mode": "0666" } }] });
    await ask(fpm.pool("www"), 3, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 1);
    const { stdout } = examineAsNobody(fpm, "--json", "--timeout", "500ms");
    const [found] = JSON.parse(stdout).pools;
    expect(findingOf(found, "no_answer")).toMatchObject({
      severity: "critical",
      evidence: ["what its workers do cannot be seen from here"],
    });
    expect(findingOf(found, "no_status_listen").title).toContain("pm.status_listen is not set");
  });

  it.runIf(isRoot)("calls a pool healthy only where all was looked at", async () => {
    const fpm = await startPools({ pools: [{ ...pool, extra: { "listen.mode": "0666" } }] });
    const { stdout, status } = examineAsNobody(fpm);
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/^www, .*: no fault seen, but \d things? could not be looked at$/m);
    expect(stdout).not.toContain("healthy");
  });

  it("names the configuration that was given first, if it cannot be read", async () => {
    const fpm = await startPools({ pools: [pool] });
    const options = ["--php-fpm-config", "/no/such.conf"];
    const { stderr } = await runHere(["doctor", ...options, fpm.pool("www").address]);
    expect(stderr).toContain("/no/such.conf");
    const hidden = { source: "process 1", message: "is in another namespace" };
    const masters = { masters: [], problems: [hidden], orphans: [] };
    await expect(findSubjects([], { phpFpm: ["/no/such.conf"], masters })).rejects.toThrow(
      "/no/such.conf",
    );
  });

  it("cannot look, with exit code 2, where nothing is known", async () => {
    expect((await runHere(["doctor", "nowhere"])).code).toBe(2);
    expect((await runHere(["doctor", "--php-fpm-config", "/no/such.conf"])).code).toBe(2);
  });

  it("has a finding, with exit code 1, where nothing listens", async () => {
    for (const [target, change] of [
      ["unix:/no/such.sock:/status", "is this the path of its listen directive?"],
      ["127.0.0.1:1/status", "is this the address of its listen directive?"],
      ["/etc/passwd", "give the path of the socket itself"],
    ] as const) {
      const { code, stdout } = await runHere(["doctor", target]);
      expect(code, stdout).toBe(1);
      expect(stdout).toContain("[not_running]");
      expect(stdout).toContain(change);
    }
  });

  it("has lines of at most 80 columns in its help", async () => {
    const { stdout } = await runHere(["doctor", "--help"]);
    expect(stdout).toContain("Exit status: 0 healthy; 1 findings,");
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});
