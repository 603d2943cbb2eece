import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { cgiFcgi, cgiFcgiPage, splitResponse } from "./cgi-fcgi.js";
import { describeWith, planTests } from "./describe-with.js";
import { type PhpFpm, parseExitedChildren, phpScript, startPhpFpm } from "./php-fpm.js";
import { childrenOf, countOpenFiles, isAlive } from "./processes.js";
import { makeFolder, until } from "./server-process.js";
import { findServer } from "./servers.js";

const everything = (bytes: number) =>
  "abcdefghijklmnopqrstuvwxyz".repeat(Math.ceil(bytes / 26)).slice(0, bytes);

describeWith(["php-fpm", "cgi-fcgi"], "a php-fpm of our own", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "unix", pm: "static", maxChildren: 2, listen: "unix", statusListen: true },
        { name: "tcp", pm: "dynamic", maxChildren: 3, listen: "tcp", statusListen: true },
        { name: "ondemand", pm: "ondemand", maxChildren: 1, listen: "unix", backlog: 8 },
        {
          name: "strict",
          pm: "static",
          maxChildren: 1,
          listen: "unix",
          requestTerminateTimeout: 1,
          extra: { "ping.response": "here" },
        },
      ],
    });
  });
  afterAll(() => fpm.stop());

  const run = (script: string, query = "", more: Record<string, string> = {}, body = "") =>
    cgiFcgi(
      fpm.pool("unix").bareAddress,
      {
        REQUEST_METHOD: body === "" ? "GET" : "POST",
        SCRIPT_NAME: `/${script}`,
        SCRIPT_FILENAME: phpScript(script),
        QUERY_STRING: query,
        ...(body !== "" && { CONTENT_LENGTH: String(Buffer.byteLength(body)) }),
        ...more,
      },
      body,
    );

  it.each([
    ["unix", "static"],
    ["tcp", "dynamic"],
    ["ondemand", "ondemand"],
  ])("serves the status page of the %s pool", async (name, manager) => {
    const { stdout } = await cgiFcgiPage(fpm.pool(name).bareAddress, fpm.pool(name).statusPath);
    const page = splitResponse(stdout).body.toString();
    expect(page).toMatch(new RegExp(`^pool: +${name}\nprocess manager: +${manager}\n`));
  });

  it.each(["unix", "tcp"])(
    "serves the status page of the %s pool on a socket apart",
    async (name) => {
      const { statusListenBareAddress = "" } = fpm.pool(name);
      expect(statusListenBareAddress).not.toBe(fpm.pool(name).bareAddress);
      const { stdout } = await cgiFcgiPage(statusListenBareAddress, "/status");
      expect(splitResponse(stdout).body.toString()).toMatch(new RegExp(`^pool: +${name}\n`));
    },
  );

  it("answers pings, and takes directives of the test", async () => {
    const { stdout } = await cgiFcgiPage(fpm.pool("strict").bareAddress, "/ping");
    expect(splitResponse(stdout).body.toString()).toBe("here");
  });

  it("names addresses as the command takes them", () => {
    const [unix, tcp] = [fpm.pool("unix"), fpm.pool("tcp")];
    expect(unix.address).toBe(`unix:${unix.bareAddress}:/status`);
    expect(unix.endpoint).toEqual({ path: unix.bareAddress });
    expect(tcp.address).toMatch(/^fcgi:\/\/127\.0\.0\.1:\d+\/status$/);
    expect(tcp.address).toBe(`fcgi://${tcp.bareAddress}/status`);
    expect(() => fpm.pool("none")).toThrow("no pool is named none");
  });

  it("runs echo.php, which says what arrived", async () => {
    const { stdout } = await run("echo.php", "a=1", { HTTP_X_TEST: "yes" }, "hello");
    const echo = JSON.parse(splitResponse(stdout).body.toString()) as Record<string, unknown>;
    expect(echo).toMatchObject({
      method: "POST",
      get: { a: "1" },
      bodyLength: 5,
      body: Buffer.from("hello").toString("base64"),
      server: { HTTP_X_TEST: "yes" },
    });
  });

  it("runs big.php, which writes as much as it is asked for", async () => {
    const { stdout } = await run("big.php", "bytes=200000");
    expect(splitResponse(stdout).body.toString()).toBe(everything(200_000));
  });

  it("runs sleep.php and flush.php", async () => {
    const [slept, steps] = await Promise.all([
      run("sleep.php", "ms=20&say=1"),
      run("flush.php", "steps=2&ms=5"),
    ]);
    expect(splitResponse(slept.stdout).body.toString()).toBe("sleeping\nslept 20 ms\n");
    expect(splitResponse(steps.stdout).body.toString()).toBe("step 1\nstep 2\n");
  });

  it("runs stderr.php, whose error stream stays apart", async () => {
    const { stdout, stderr } = await run("stderr.php", "count=1&bytes=12");
    expect(stderr).toContain("error 1.....");
    expect(splitResponse(stdout).body.toString()).toBe("out 1\n");
  });

  it("runs headers.php, exit.php and fatal.php", async () => {
    const headers = splitResponse((await run("headers.php", "status=418")).stdout);
    expect(headers.head).toMatch(/^Status: 418\r\n/);
    expect(headers.head).toContain("Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; HttpOnly");
    expect(headers.head).toContain("X-Latin: caf\xe9");
    expect(splitResponse((await run("exit.php")).stdout).body).toHaveLength(0);
    const fatal = await run("fatal.php");
    expect(fatal.stderr).toContain("as asked");
    expect(splitResponse(fatal.stdout).head).toContain("Status: 500");
  });

  it("lists workers that died, and how", async () => {
    expect(fpm.exitedChildren()).toEqual([]);
    await run("crash.php");
    await until(
      () => fpm.exitedChildren().length > 0,
      () => fpm.log(),
    );
    expect(fpm.exitedChildren()).toEqual([
      {
        level: "WARNING",
        pool: "unix",
        pid: expect.any(Number),
        signal: 9,
        age: expect.any(Number),
      },
    ]);
  });

  it("reloads under the same pid", async () => {
    const workers = childrenOf(fpm.pid);
    await fpm.reload();
    const { stdout } = await cgiFcgiPage(fpm.pool("unix").bareAddress, "/ping");
    expect(splitResponse(stdout).body.toString()).toBe("pong");
    expect(workers.filter((pid) => childrenOf(fpm.pid).includes(pid))).toEqual([]);
  });
});

describeWith(["php-fpm"], "stopping php-fpm", () => {
  const pools = [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }] as const;

  it("leaves no process, no folder, no open file", async () => {
    await (await startPhpFpm({ pools })).stop(); // the guard's pipe stays open from here on
    const files = countOpenFiles();
    const fpm = await startPhpFpm({ pools });
    const workers = childrenOf(fpm.pid);
    expect(workers).toHaveLength(2);
    await fpm.stop();
    expect([fpm.pid, ...workers].filter(isAlive)).toEqual([]);
    expect(existsSync(fpm.folder)).toBe(false);
    expect(fpm.log()).toContain("exiting, bye-bye!");
    expect(countOpenFiles()).toBe(files);
    await fpm.stop();
  });

  it("says why php-fpm did not start", async () => {
    const broken = startPhpFpm({ pools: [{ ...pools[0], extra: { "pm.max_children": "0" } }] });
    await expect(broken).rejects.toThrow(/pm\.max_children must be a positive value/);
  });
});

describe("the guard", () => {
  const sleeper = () =>
    spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true });

  it("ends servers and removes folders when the test process has ended", async () => {
    const [left, stopped] = [sleeper(), sleeper()];
    const folder = makeFolder();
    const guard = spawn(process.execPath, [fileURLToPath(new URL("guard.mjs", import.meta.url))]);
    guard.stdin.end(`+${left.pid} ${folder}\n+${stopped.pid} /nowhere\n-${stopped.pid}\n`);
    const leftExit = once(left, "exit");
    await once(guard, "exit");
    expect(await leftExit).toEqual([null, "SIGTERM"]);
    expect(existsSync(folder)).toBe(false);
    expect(stopped.exitCode ?? stopped.signalCode).toBeNull();
    stopped.kill();
    await once(stopped, "exit");
  });
});

describe("parseExitedChildren", () => {
  it("reads codes and signals, and leaves workers that were retired", () => {
    const log = [
      "[21-Nov-2026 07:00:01] WARNING: [pool www] child 12 exited with code 70 after 3.250000 seconds from start",
      "[21-Nov-2026 07:00:02] WARNING: [pool www] child 13 exited on signal 9 (SIGKILL) after 0.5 seconds from start",
      "[21-Nov-2026 07:00:03] NOTICE: [pool other] child 14 exited with code 0 after 9.0 seconds from start",
      "[21-Nov-2026 07:00:04] NOTICE: [pool www] child 15 started",
    ].join("\n");
    expect(parseExitedChildren(log)).toEqual([
      { level: "WARNING", pool: "www", pid: 12, code: 70, age: 3.25 },
      { level: "WARNING", pool: "www", pid: 13, signal: 9, age: 0.5 },
      { level: "NOTICE", pool: "other", pid: 14, code: 0, age: 9 },
    ]);
  });
});

describe("findServer", () => {
  it("takes no file that cannot be run", () => {
    const folder = makeFolder();
    vi.stubEnv("PATH", folder);
    writeFileSync(join(folder, "cgi-fcgi"), "", { mode: 0o644 });
    const found = findServer("cgi-fcgi");
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
    expect(found).toBeUndefined();
  });
});

describe("tests that need a server", () => {
  const reason = "cgi-fcgi (apt-get install libfcgi-bin)";

  it("run where it is installed", () => {
    expect(planTests("a", [], true)).toEqual({ action: "run", title: "a", reasons: [] });
  });

  it("are skipped by name where it is missing", () => {
    const title = `a: needs ${reason}`;
    expect(planTests("a", ["cgi-fcgi"], false)).toEqual({
      action: "skip",
      title,
      reasons: [reason],
    });
  });

  it("fail in continuous integration where it is missing", () => {
    expect(planTests("a", ["cgi-fcgi"], true)).toMatchObject({ action: "fail", reasons: [reason] });
  });
});
