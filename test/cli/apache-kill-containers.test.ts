import { expect, it, onTestFinished } from "vitest";
import { ProcFileSystem } from "../../src/apache/processes/process-table.js";
import { type Apache, startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";
import { childrenOf, isRunning } from "../harness/processes.js";
import { spawnCommand } from "./cli.js";
import { hang } from "./hanging-request.js";

/** Kinds of containers that share the network of their host, as this machine sees them. */
const ownPids = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
const ownMounts = ["unshare", "--mount"];

async function start(prefix: readonly string[]): Promise<Apache> {
  const apache = await startApache({ mpm: "prefork", prefix });
  onTestFinished(() => apache.stop());
  return apache;
}

const kill = (apache: Apache, ...more: string[]) =>
  spawnCommand(["apache", "kill", "--max-time", "1s", ...more, `${apache.url}/server-status`]);

const descendants = (pid: number): number[] =>
  childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);

const isRoot = process.getuid?.() === 0;
const suite = (title: string, body: () => void) =>
  isRoot ? describeWith(["apache2"], title, body) : undefined;

suite("httpds in containers on one host", () => {
  it("are killed in neither, although the pids of their workers are the same", async () => {
    const [one, other] = [await start(ownPids), await start(ownPids)];
    const table = new ProcFileSystem();
    const pids = () => descendants(one.pid).map((pid) => table.details(pid)?.innerPid);
    expect(pids()).toContain(await hang(other));
    const before = [one, other].flatMap(({ pid }) => descendants(pid));
    const [master] = childrenOf(other.pid);

    const { code, stdout, stderr } = await kill(other);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`httpd (process ${master}) has a pid namespace of its own\n`);
    expect(stderr).toContain(`hint: run it where httpd runs, or give --master ${master}\n`);
    expect(before.every(isRunning)).toBe(true);
  }, 30_000);

  it("are distinguished by the given master", async () => {
    const [one, other] = [await start(ownPids), await start(ownPids)];
    await Promise.all([hang(one), hang(other)]);
    const [ones, others] = [one, other].map(({ pid }) => descendants(pid)) as [number[], number[]];
    const { code, stdout } = await kill(other, "--master", `${childrenOf(other.pid)[0]}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Killing native worker \d+ \(active\) hanging .*\nKilled 1 of 5 /);
    expect(ones.every(isRunning)).toBe(true);
    expect(others.every(isRunning)).toBe(false);
  }, 30_000);

  it("show the memory of the one that answered", async () => {
    const [one, other] = [await start(ownPids), await start(ownPids)];
    const url = `${other.url}/server-status`;
    await Promise.all([one, other].map(({ url }) => fetch(`${url}/index.txt`)));
    const { code, stdout, stderr } = await spawnCommand(["apache", "workers", url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/; \d processes: \d+\.\d M, at most/);
  }, 30_000);
});

suite("an httpd with a mount namespace of its own, as systemd's PrivateTmp gives it one", () => {
  it("is the machine's", async () => {
    const apache = await start(ownMounts);
    const worker = await hang(apache);
    const { code, stdout } = await kill(apache, "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain(`Killing native worker ${worker} (active) hanging for `);
  }, 30_000);
});
