import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { status } from "../../src/phpfpm/status.js";
import { freePort } from "../harness/ports.js";
import { makeFolder, until } from "../harness/server-process.js";
import { application, startMaster } from "../pool/master.js";
import { runHere, spawnCommand } from "./cli.js";

const serve = (...args: string[]) => spawnCommand(["serve", ...args]);
const bin = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));

describe("fcgi-probe serve", () => {
  it("serves a module with a handler", async () => {
    await using master = await startMaster(["--workers", "4", "--status-path", "/status"]);
    expect((await master.request("/")).text).toBe("hello");
    const args = ["status", "--format", "text", `${master.address}:/status`];
    const { code, stdout } = await spawnCommand(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pool: {17}app\nprocess manager: {6}static\n(.*\n){12}$/);
    expect(stdout).toMatch(/total processes: {6}4\n/);
  });

  it("takes the protocol from the address", async () => {
    const folder = makeFolder();
    for (const protocol of ["fcgi", "scgi", "uwsgi"]) {
      const listen = `${protocol}://unix:${join(folder, `${protocol}.sock`)}`;
      await using master = await startMaster(["--workers", "1"], { listen });
      expect((await master.request("/")).text).toBe("hello");
    }
  });

  it.each(["shared", "delegate"])("takes a port for all addresses: %s", async (mode) => {
    const port = await freePort();
    for (const listen of [`${port}`, `:${port}`, `*:${port}`]) {
      const statusPort = await freePort();
      const args = ["--workers", "1", "--mode", mode, "--status-listen", `${statusPort}`];
      await using master = await startMaster(args, { listen });
      expect(master.log).toMatch(new RegExp(`: (\\[::\\]|0\\.0\\.0\\.0):${port}, `));
      const local = Object.assign(master, { address: `127.0.0.1:${port}` });
      expect((await local.request("/")).text).toBe("hello");
      const pool = await status(`127.0.0.1:${statusPort}/status`);
      expect(pool.totalProcesses).toBe(1);
    }
  });

  it("names a taken port as it was typed", async () => {
    const server = createServer().listen(0);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const mode of ["shared", "delegate"]) {
      const taken = await serve(application, "--listen", `:${port}`, "--mode", mode);
      expect(taken.code).toBe(2);
      expect(taken.stderr).toContain(`fcgi-probe: :${port} is taken\n`);
    }
    server.close();
  });

  it("reports a folder as such, and a missing one", async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, "file"), "");
    for (const [address, fault] of [
      [`unix:${folder}`, `unix:${folder} is a folder, not a socket`],
      [`unix:${folder}/file`, `unix:${folder}/file is a file, not a socket`],
      [`unix:${folder}/no/x.sock`, `the folder of unix:${folder}/no/x.sock does not exist`],
    ] as const) {
      const failed = await serve(application, "--listen", address);
      expect(failed.code).toBe(2);
      expect(failed.stderr).toMatch(/^fcgi-probe: .*\nhint: .* in a folder that exists\n$/);
      expect(failed.stderr).toContain(`fcgi-probe: ${fault}\n`);
    }
  });

  it("lets --protocol decide", async () => {
    await using master = await startMaster(["--workers", "1", "--protocol", "scgi"]);
    const scgi = Object.assign(master, { address: `scgi://${master.address}` });
    expect((await scgi.request("/")).text).toBe("hello");
  });

  it("ends with 2 when the address is in use", async () => {
    for (const mode of ["shared", "delegate"]) {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const taken = await serve(application, "--listen", `127.0.0.1:${port}`, "--mode", mode);
      server.close();
      expect(taken.code).toBe(2);
      expect(taken.stderr).toContain(`127.0.0.1:${port} is taken`);
    }
  });

  it.each([
    [["--pm", "sometimes"], '"sometimes" is none of static, dynamic, ondemand'],
    [["--mode", "both"], '"both" is none of shared, delegate'],
    [["--workers", "none"], '--workers: "none" is not a number of 1 or more'],
    [["--drain-timeout", "soon"], '--drain-timeout: "soon" is not a time'],
    [["--pm", "ondemand", "--mode", "shared"], "an ondemand pool cannot be shared"],
    [["--pm", "ondemand", "--mode", "shared"], "use --mode delegate, or --pm dynamic"],
    [["--affinity"], "--affinity: sessions need a master that passes connections to workers"],
    [["--max-spare", "5", "--workers", "2"], "--max-spare 5 is more than --workers 2\n"],
    [
      ["--pm", "dynamic", "--max-spare", "5", "--workers", "2"],
      "--max-spare 5 is more than --workers 2\nhint: lower --max-spare, or raise --workers\n",
    ],
    [
      ["--pm", "dynamic", "--min-spare", "4"],
      "--min-spare 4 is more than --max-spare 3 (its default)\n",
    ],
    [
      ["--pm", "dynamic", "--start-servers", "9"],
      "--start-servers 9 is more than --workers 5 (its default)\n",
    ],
    [["--start-servers", "9", "--workers", "2"], "--start-servers 9 is more than --workers 2\n"],
    [
      ["--workers", "9000", "--concurrency", "9"],
      "--workers 9000 by --concurrency 9 is more than 16384 requests at once\n",
    ],
    [["--status-path", "status"], '--status-path: "status" is not the path of a page'],
    [["--ping-path", "/%70ing"], '--ping-path: "/%70ing" is not the path of a page'],
    [["--status-path", "/pm/mode "], '--status-path: "/pm/mode " is not the path of a page'],
  ])("S2.20 refuses %j", async (args, message) => {
    const listen = ["--listen", "unix:/nowhere/app.sock"];
    const { code, stderr } = await runHere(["serve", application, ...listen, ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("S2.20 refuses a second module", async () => {
    const { code, stderr } = await runHere(["serve", "a.mjs", "b.mjs", "--listen", "127.0.0.1:1"]);
    expect(code).toBe(2);
    expect(stderr).toContain("too many arguments");
  });

  it("S2.20 listens on 127.0.0.1:4000 for SCGI without --listen", async () => {
    const scgi = ["--protocol", "scgi", "--workers", "1"];
    // This test or another program has the port: either way, it is taken.
    const holder = createServer();
    const isOurs = await new Promise<boolean>((resolve) => {
      holder.once("error", () => resolve(false));
      holder.listen(4000, "127.0.0.1", () => resolve(true));
    });
    const taken = await serve(application, ...scgi);
    expect(taken.code).toBe(2);
    expect(taken.stderr).toContain("127.0.0.1:4000 is taken");
    if (!isOurs) return;
    holder.close();
    await once(holder, "close");
    const options = { listen: "scgi://127.0.0.1:4000", inherits: true };
    await using master = await startMaster(scgi, options);
    expect(master.log).toContain("scgi://127.0.0.1:4000");
    expect((await master.request("/")).text).toBe("hello");
  });

  it.each([[[]], [["--protocol", "fcgi"]], [["--protocol", "uwsgi"]]])(
    "S2.20 says where to listen when it has no socket: %j",
    async (args) => {
      const { code, stderr } = await serve(application, ...args);
      expect(code).toBe(2);
      expect(stderr).toContain("there is no socket to serve");
      expect(stderr).toContain("--listen");
    },
  );

  it.each(["shared", "delegate"])(
    "serves no peer but those of FCGI_WEB_SERVER_ADDRS: %s",
    async (mode) => {
      const served = async (peers: string) => {
        const options = { listen: "127.0.0.1:0", env: { FCGI_WEB_SERVER_ADDRS: peers } };
        await using master = await startMaster(["--workers", "1", "--mode", mode], options);
        const [, port] = /127\.0\.0\.1:([1-9]\d*)/.exec(master.log) ?? [];
        return await Object.assign(master, { address: `127.0.0.1:${port}` }).failure("/");
      };
      expect(await served("10.0.0.1")).toBe("closed_without_answer");
      expect(await served("10.0.0.1,127.0.0.1")).toBe("answered hello");
    },
  );

  it("opens its socket to all users with --everyone", async () => {
    for (const mode of ["shared", "delegate"]) {
      await using master = await startMaster(["--workers", "1", "--everyone", "--mode", mode]);
      expect(statSync(master.socket).mode & 0o666).toBe(0o666);
    }
  });

  it("is a CGI program with --cgi", async () => {
    const env = { REQUEST_METHOD: "GET", REQUEST_URI: "/", SERVER_PROTOCOL: "HTTP/1.1" };
    const { code, stdout } = await spawnCommand(["serve", "--cgi", application], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Status: 200 OK\r\n(.*\r\n)*\r\n\d+ hello$/);
  });
});

/** Starts a pool with a listening socket at a descriptor and no address, and sends it a request. */
async function serveInherited(descriptor: 0 | 3, env: NodeJS.ProcessEnv, mode: string) {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const args = [bin, "serve", application, "--workers", "2", "--mode", mode];
  const stdio: (number | "ignore" | "pipe")[] = ["ignore", "ignore", "pipe"];
  stdio[descriptor] = (listener as unknown as { _handle: { fd: number } })._handle.fd;
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio,
  });
  // From here on, only the pool accepts.
  listener.close();
  let log = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  try {
    await until(
      () => log.includes("ready to handle") || child.exitCode !== null,
      () => log,
    );
    const request = new Request("http://localhost/");
    const response = await gatewayFetch(`127.0.0.1:${port}`, request, { timeout: 5_000 });
    return { text: await response.text(), log };
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  }
}

describe("fcgi-probe serve with a socket that it was started with", () => {
  it.each(["shared", "delegate"])("S2.37 takes systemd's, descriptor 3: %s", async (mode) => {
    const { text } = await serveInherited(3, { LISTEN_FDS: "1" }, mode);
    expect(text).toMatch(/^\d+ hello$/);
  });

  it.each(["shared", "delegate"])(
    "takes descriptor 0, as spawn-fcgi leaves it: %s",
    async (mode) => {
      const { text } = await serveInherited(0, {}, mode);
      expect(text).toMatch(/^\d+ hello$/);
    },
  );

  it("S2.37 refuses several of them", async () => {
    const env = { LISTEN_FDS: "2" };
    const { code, stderr } = await spawnCommand(["serve", application], { env });
    expect(code).toBe(2);
    expect(stderr).toContain("systemd passed several sockets");
  });
});
