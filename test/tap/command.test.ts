import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { status } from "../../src/phpfpm/status.js";
import { findUser } from "../../src/transport/accounts.js";
import { spawnCommand } from "../cli/cli.js";
import { describeWith } from "../harness/describe-with.js";
import { startHaproxyFront } from "../harness/front-ends/haproxy.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { freePort } from "../harness/ports.js";
import { makeFolder, until } from "../harness/server-process.js";
import { startTmux } from "../harness/tmux.js";
import { startUwsgi, type Uwsgi } from "../harness/uwsgi.js";
import { startTapping } from "./tapping.js";

const bin = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));

/** The command as a process, once it listens. */
async function spawnTap(to: string, ...options: string[]) {
  const socket = join(makeFolder(), "tap.sock");
  const args = [bin, "tap", "--listen", `unix:${socket}`, "--to", to, ...options];
  const child: ChildProcess = spawn(process.execPath, args);
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    output.stderr += chunk;
  });
  const ended = once(child, "close");
  await until(
    () => output.stderr.includes("tapping"),
    () => output.stderr,
  );
  return { child, socket, output, ended };
}

describeWith(["php-fpm"], "fcgi-probe tap", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 3, listen: "unix" }],
    });
  });
  afterAll(() => fpm.stop());
  const to = () => `unix:${fpm.pool("www").bareAddress}`;
  const ask = (socket: string, script: string, ...options: string[]) =>
    spawnCommand(["request", `unix:${socket}`, "--script", phpScript(script), ...options]);

  it("shows requests and a table, saves what decode reads, and removes its socket", async () => {
    const save = join(makeFolder(), "capture");
    const options = ["--save", save, "-v", "--filter", "status=404", "--socket-mode", "0666"];
    const { child, socket, output, ended } = await spawnTap(to(), ...options);
    expect(statSync(socket).mode & 0o777).toBe(0o666);
    expect(statSync(save).mode & 0o777).toBe(0o600);
    await ask(socket, "headers.php", "--query", "status=404");
    await ask(socket, "headers.php");
    child.kill("SIGTERM");
    expect(await ended).toEqual([143, null]);
    expect(existsSync(socket)).toBe(false);
    const script = phpScript("headers.php");
    const shown = output.stdout.split("\n").filter((line) => /^\d\d:/.test(line));
    expect(shown).toHaveLength(1);
    expect(shown[0]).toMatch(/ 404 .* GET .*status=404/);
    expect(output.stdout).toContain("#1 >        0  BEGIN_REQUEST      id 1");
    expect(output.stdout).toMatch(/^#2 < .*END_REQUEST .*REQUEST_COMPLETE/m);
    const row = output.stdout.split("\n").find((line) => line.startsWith(script));
    expect(row).toMatch(/^\S+ +2 +0 /);
    const decoded = await spawnCommand(["decode", save]);
    expect([decoded.code, decoded.stderr]).toEqual([0, ""]);
    expect(decoded.stdout).toContain(`SCRIPT_FILENAME = ${script}`);
    const records = (text: string) => text.split("\n").filter((line) => /^#\d [<>] /.test(line));
    expect(records(decoded.stdout)).toEqual(records(output.stdout));
    expect(readFileSync(save).length).toBeGreaterThan(1_000);
  });

  it("lets those connect who may connect to the backend, and else says who may", async () => {
    const access = (path: string) => {
      const { mode, uid, gid } = statSync(path);
      return [mode & 0o777, uid, gid];
    };
    const backend = join(makeFolder(), "backend.sock");
    const server = createServer().listen(backend);
    await once(server, "listening");
    chmodSync(backend, 0o620);
    if (process.geteuid?.() === 0) chownSync(backend, 33, 34);
    const like = await spawnTap(`unix:${backend}`);
    expect(access(like.socket)).toEqual(access(backend));
    expect(like.output.stderr).not.toContain("may connect");
    const tcp = await spawnTap("127.0.0.1:9");
    const { name } = findUser(process.geteuid?.() ?? 0);
    expect(tcp.output.stderr).toMatch(
      `user ${name} alone may connect to unix:${tcp.socket}, whose`,
    );
    for (const { child } of [like, tcp]) child.kill("SIGTERM");
    await Promise.all([like.ended, tcp.ended]);
    server.close();
  });

  it("that is killed loses its requests alone, and starts again on its socket", async () => {
    const { child, socket, ended } = await spawnTap(to());
    const lost = ask(socket, "sleep.php", "--query", "ms=5000");
    // The page itself has one worker.
    const isBusy = async () => ((await status(`${to()}:/status`)).activeProcesses ?? 0) > 1;
    await until(isBusy, () => "no request");
    child.kill("SIGKILL");
    await ended;
    expect((await lost).code).toBe(2);
    expect((await ask(socket, "headers.php")).code).toBe(1);
    const again = spawn(process.execPath, [bin, "tap", "--listen", `unix:${socket}`, "--to", to()]);
    const closed = once(again, "close");
    await once(again.stderr, "data");
    expect((await ask(socket, "headers.php")).code).toBe(0);
    again.kill("SIGINT");
    expect(await closed).toEqual([130, null]);
    expect(fpm.exitedChildren()).toEqual([]);
  });

  it("passes requests on when its output fails, and ends when nobody reads it", async () => {
    const socket = join(makeFolder(), "tap.sock");
    const args = [bin, "tap", "--listen", `unix:${socket}`, "--to", to()];
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, args, { stdio: ["ignore", full, "pipe"] });
    closeSync(full);
    const ended = once(child, "exit");
    let errors = "";
    child.stderr?.on("data", (chunk) => {
      errors += chunk;
    });
    await until(
      () => errors.includes("nothing more is shown"),
      () => errors,
    );
    expect((await ask(socket, "headers.php")).code).toBe(0);
    child.kill("SIGTERM");
    expect(await ended).toEqual([143, null]);

    // The records of these requests are more than a pipe holds.
    const unread = spawn(process.execPath, [...args, "-v"], { stdio: ["ignore", "pipe", "pipe"] });
    const over = once(unread, "exit");
    unread.stdout.pause();
    await once(unread.stderr, "data");
    const requests = ["-n", "1000", "-c", "2", "--no-status"];
    const load = ["load", `unix:${socket}`, "--script", phpScript("headers.php"), ...requests];
    expect((await spawnCommand(load)).code).toBe(0);
    unread.kill("SIGTERM");
    expect(await over).toEqual([143, null]);
  });

  it("ends open requests at a second signal, and still writes the table", async () => {
    const { child, socket, output, ended } = await spawnTap(to());
    await ask(socket, "headers.php");
    const cut = ask(socket, "sleep.php", "--query", "ms=9000");
    const isBusy = async () => ((await status(`${to()}:/status`)).activeProcesses ?? 0) > 1;
    await until(isBusy, () => "no request");
    child.kill("SIGTERM");
    await until(
      () => output.stderr.includes("waiting for 1 request to end"),
      () => output.stderr,
    );
    child.kill("SIGINT");
    expect(await ended).toEqual([143, null]);
    expect((await cut).code).toBe(2);
    expect(output.stdout).toMatch(/^SCRIPT +REQUESTS/m);
    expect(output.stdout).toContain(`\n${phpScript("headers.php")}  `);
  });

  it("leaves no file when it could not start", async () => {
    const save = join(makeFolder(), "capture");
    const args = ["tap", "--listen", "unix:/nonexistent/x.sock", "--to", to(), "--save", save];
    expect((await spawnCommand(args)).code).toBe(2);
    expect(existsSync(save)).toBe(false);
  });

  it("refuses to tap itself, a file that exists, and conditions that it cannot read", async () => {
    const self = await spawnCommand(["tap", "--listen", "unix:/tmp/x.sock", "--to", "/tmp/x.sock"]);
    expect([self.code, self.stderr.split("\n")[0]]).toEqual([
      2,
      "fcgi-probe: /tmp/x.sock: the tap would connect to itself",
    ]);
    const save = ["tap", "--listen", "unix:/tmp/x.sock", "--to", to(), "--save", bin];
    expect((await spawnCommand(save)).stderr).toContain(`${bin} exists`);
    const filter = await spawnCommand(["tap", "--filter", "size>1"]);
    expect(filter.stderr).toContain('--filter: "size>1" is not a condition');
  });
});

describeWith(["php-fpm", "tmux"], "a tap on a terminal", () => {
  it("that Ctrl-S has stopped passes requests on", async () => {
    await using fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 3, listen: "unix" }],
    });
    const socket = join(makeFolder(), "tap.sock");
    const backend = `unix:${fpm.pool("www").bareAddress}`;
    const terminal = startTmux(`node ${bin} tap --listen unix:${socket} --to ${backend}`);
    try {
      await terminal.shows(/STATUS/);
      terminal.press("C-s");
      const script = phpScript("headers.php");
      const load = ["load", `unix:${socket}`, "--script", script, "-n", "300", "--no-status"];
      const { code, stdout } = await spawnCommand(load);
      expect([code, stdout]).toEqual([0, expect.stringContaining("300")]);
      terminal.press("C-q", "C-c");
      await terminal.shows(/^SCRIPT +REQUESTS[\s\S]*exit 130/m);
    } finally {
      terminal.stop();
    }
  });
});

describeWith(["haproxy", "php-fpm"], "a tap behind HAProxy", () => {
  it.each(["close", "keep-conn"])("passes its connections on: %s", async (way) => {
    await using fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 3, listen: "unix" }],
    });
    await using tapping = await startTapping(`unix:${fpm.pool("www").bareAddress}`);
    const port = await freePort();
    const front = await startHaproxyFront([{ name: way, backend: tapping.tap.address, port }]);
    try {
      // HAProxy looks scripts up below a folder of its own: php-fpm does not find this one.
      for (let count = 0; count < 3; count++) {
        const response = await fetch(`${front.urls.get(way)}/a.php`);
        expect(response.status).toBe(404);
        await response.text();
      }
    } finally {
      await front.stop();
    }
    const requests = await tapping.ended(3);
    expect(requests.map(({ status, outcome }) => [status, outcome])).toEqual(
      Array(3).fill([404, "complete"]),
    );
  });
});

describeWith(["uwsgi"], "a tap before uWSGI", () => {
  let uwsgi: Uwsgi;
  beforeAll(async () => {
    uwsgi = await startUwsgi();
  });
  afterAll(() => uwsgi.stop());

  it.each(["uwsgi", "scgi", "fcgi"] as const)("shows requests of %s", async (protocol) => {
    await using tapping = await startTapping(uwsgi.address(protocol, "unix"));
    const target = `${protocol}://unix:${tapping.path}`;
    const { code, stdout } = await spawnCommand(["request", target, "--path", "/x?y=1", "-i"]);
    expect(code, stdout).toBe(0);
    const [request] = await tapping.ended(1);
    expect(request).toMatchObject({
      protocol,
      status: 200,
      method: "GET",
      uri: "/x?y=1",
      outcome: "complete",
      received: Buffer.byteLength(stdout),
    });
    expect(tapping.notes).toEqual([]);
  });
});
