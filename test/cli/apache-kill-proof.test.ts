import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { type Apache, loadModule, startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";
import { accepts, freePort } from "../harness/ports.js";
import { childrenOf, isRunning } from "../harness/processes.js";
import { makeFolder, ServerProcess, until } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";
import { spawnCommand } from "./cli.js";
import { hang } from "./hanging-request.js";

const killAt = (url: string, ...more: string[]) =>
  spawnCommand(["apache", "kill", "--max-time", "1s", ...more, url]);
const kill = (server: { readonly url: string }, ...more: string[]) =>
  killAt(`${server.url}/server-status`, ...more);
const isRoot = process.getuid?.() === 0;

/** Passes connections on, as a tunnel does. */
async function forward({ url }: Apache): Promise<{ url: string }> {
  const server = createServer((from) => {
    const to = connect(Number(new URL(url).port), "127.0.0.1");
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function startNginx({ url }: Apache): Promise<{ url: string }> {
  const folder = makeFolder();
  const port = await freePort();
  const configuration = join(folder, "nginx.conf");
  writeFileSync(
    configuration,
    `daemon off; pid ${folder}/pid; error_log ${folder}/log; events {}
     http { access_log off; proxy_temp_path ${folder}/p; client_body_temp_path ${folder}/b;
     fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
     server { listen 127.0.0.1:${port}; location / { proxy_pass ${url}; } } }`,
  );
  const nginx = new ServerProcess(requireServer("nginx"), ["-c", configuration], folder);
  onTestFinished(() => nginx.stop());
  await nginx.ready(() => accepts({ host: "127.0.0.1", port }));
  return { url: `http://127.0.0.1:${port}` };
}

describeWith(["apache2", "nginx"], "the httpd that a real page comes from", () => {
  let apache: Apache;
  let worker: number;
  const ports: Record<string, number> = {};
  beforeAll(async () => {
    const extra: string[] = [];
    for (const address of ["[::1]", "0.0.0.0", "[::]"]) {
      ports[address] = await freePort();
      extra.push(`Listen ${address}:${ports[address]}`);
    }
    apache = await startApache({ mpm: "prefork", extra });
    worker = await hang(apache);
  }, 30_000);
  afterAll(() => apache.stop());
  const isUnharmed = () => isRunning(worker) && isRunning(apache.pid);

  it.each([
    ["127.0.0.1", "0.0.0.0"],
    ["[::1]", "[::1]"],
    ["[::1]", "[::]"],
    ["127.0.0.1", "[::]"],
    ["localhost", "0.0.0.0"],
  ])("is known at %s where it listens at %s", async (host, listens) => {
    const outcome = await kill({ url: `http://${host}:${ports[listens]}` }, "--dry-run");
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toContain(`Killing native worker ${worker} (active) hanging for `);
    expect(outcome.stdout).toMatch(/\nWould kill 1 of \d Apache workers\.\n$/);
  });

  it("is not known behind a tunnel or a proxy, which is named", async () => {
    const tunnel = await kill(await forward(apache));
    expect(tunnel).toMatchObject({ code: 2, stdout: "" });
    expect(tunnel.stderr).toContain(`node (process ${process.pid}) listens on 127.0.0.1:`);
    const nginx = await kill(await startNginx(apache));
    expect(nginx).toMatchObject({ code: 2, stdout: "" });
    expect(nginx.stderr).toMatch(
      /nginx \(process \d+\) listens on 127\.0\.0\.1:\d+, and its program is not/,
    );
    expect(nginx.stderr).toContain("hint: give the URL of httpd itself, or --master PID\n");
    expect(isUnharmed()).toBe(true);
  });

  it("is known behind a tunnel by its master", async () => {
    const outcome = await kill(await forward(apache), "--dry-run", "--master", apache.pidFile);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toContain(`Killing native worker ${worker} (active)`);
  });

  it("is not the httpd that passes the page on", async () => {
    const extra = [
      ...[...loadModule("mod_proxy"), ...loadModule("mod_proxy_http")],
      `ProxyPass /far ${apache.url}/server-status`,
    ];
    const front = await startApache({ mpm: "prefork", extra });
    try {
      const { code, stdout, stderr } = await killAt(`${front.url}/far`);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(`not children of httpd (process ${front.pid}): `);
      expect(isUnharmed()).toBe(true);
      const given = await killAt(`${front.url}/far`, "--dry-run", "--master", `${apache.pid}`);
      expect(given.stdout).toContain(`Killing native worker ${worker} (active)`);
    } finally {
      await front.stop();
    }
  });

  it.runIf(isRoot)("is hidden from another user, with one error", async () => {
    const shell = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups node "$0" "$@"';
    const run = (...args: string[]) =>
      spawnCommand(["apache", "kill", "--max-time", "1s", ...args, `${apache.url}/server-status`], {
        shell,
      });
    const url = `${apache.url}/server-status`;
    expect(await run()).toEqual({
      code: 2,
      stdout: "",
      stderr:
        `fcgi-probe: ${url}: no worker is killed, because it is not proven whose page this is: ` +
        `this user may not see the sockets of httpd (process ${apache.pid})\n` +
        "hint: run it as root, or give --master PID\n",
    });
    const given = await run("--master", `${apache.pid}`);
    expect(given.code).toBe(2);
    expect(given.stdout).toMatch(/^No Apache workers killed \(1 of \d workers could not be\)\.\n$/);
    expect(given.stderr).toBe(
      `fcgi-probe: process ${worker} not killed: this user may not kill them (run it as root)\n`,
    );
    expect(isUnharmed()).toBe(true);
  });

  it("is the same through a graceful restart, the worker that hangs too", async () => {
    const before = childrenOf(apache.pid).filter((pid) => pid !== worker);
    await apache.reload();
    // Idle workers end by themselves.
    await until(
      () => !before.some(isRunning),
      () => "idle workers of the old generation still run",
    );
    expect(isRunning(worker)).toBe(true);
    // The old ones may still be zombies.
    const others = childrenOf(apache.pid).filter((pid) => pid !== worker && isRunning(pid));
    const { code, stdout } = await kill(apache);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^Killing native worker ${worker} \\(active\\) hanging for `),
    );
    expect(isRunning(worker)).toBe(false);
    expect(others.filter((pid) => !isRunning(pid))).toEqual([]);
  });
});
