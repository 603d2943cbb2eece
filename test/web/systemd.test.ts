import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { systemdNotifier, takeSystemdSockets } from "../../src/web/systemd.js";
import { freePort } from "../harness/ports.js";
import { makeFolder, until } from "../harness/server-process.js";
import { requestText } from "./listen-for-test.js";
import { startNotifyReceiver } from "./notify-receiver.js";

const listenerFile = fileURLToPath(new URL("../../dist/web/listener.js", import.meta.url));

describe("takeSystemdSockets", () => {
  const pid = String(process.pid);

  it("returns each socket with its name, and removes the variables", () => {
    const environment = { LISTEN_PID: pid, LISTEN_FDS: "2", LISTEN_FDNAMES: "web:local", A: "b" };
    expect(takeSystemdSockets(environment)).toEqual([
      { fd: 3, name: "web" },
      { fd: 4, name: "local" },
    ]);
    expect(environment).toEqual({ A: "b" });
  });

  it.each([
    [{}, "systemd has passed no sockets"],
    [{ LISTEN_PID: "1", LISTEN_FDS: "1" }, "systemd's sockets are those of process 1"],
    [{ LISTEN_PID: pid, LISTEN_FDS: "0" }, "LISTEN_FDS is 0"],
    [{ LISTEN_PID: pid, LISTEN_FDS: "x" }, "LISTEN_FDS is x"],
  ])("refuses %j", (environment, message) => {
    expect(() => takeSystemdSockets({ ...environment })).toThrow(message);
  });
});

it("a listener takes all sockets of systemd-socket-activate", async () => {
  const [port, socket] = [await freePort(), join(makeFolder(), "web.sock")];
  const script = `
    const { listenWeb } = await import(${JSON.stringify(listenerFile)});
    const listener = await listenWeb(() => new Response(process.env.LISTEN_FDS ?? "removed"), { listen: [], systemdSocket: true });
    console.log(listener.addresses.join(" "));
  `;
  const child = spawn(
    "systemd-socket-activate",
    [
      "-l",
      `127.0.0.1:${port}`,
      "-l",
      socket,
      process.execPath,
      "--input-type=module",
      "-e",
      script,
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  try {
    await until(
      () => existsSync(socket),
      () => "systemd-socket-activate does not listen",
    );
    for (const where of [{ port, host: "127.0.0.1" }, { path: socket }]) {
      const client = connect(where);
      client.write(requestText("/"));
      expect(await text(client)).toContain("removed");
    }
    const [line] = await once(child.stdout, "data");
    expect(String(line).trim()).toBe(`127.0.0.1:${port} descriptor 4`);
  } finally {
    child.kill("SIGKILL");
  }
});

describe("systemdNotifier", () => {
  it("tells ready, reloading and stopping, and hides the socket from children", async () => {
    await using systemd = await startNotifyReceiver();
    const environment: Record<string, string | undefined> = {
      ...process.env,
      NOTIFY_SOCKET: systemd.path,
    };
    const notify = systemdNotifier(() => {}, environment);
    expect(environment["NOTIFY_SOCKET"]).toBe(undefined);
    for (const state of ["ready", "reloading", "stopping"] as const) await notify(state);
    await systemd.receives(/READY=1[\s\S]*RELOADING=1\\nMONOTONIC_USEC=\d+[\s\S]*STOPPING=1/);
  });

  it("does nothing without NOTIFY_SOCKET", async () => {
    const logged: unknown[] = [];
    await systemdNotifier((record) => logged.push(record), { PATH: "/nowhere" })("ready");
    expect(logged).toEqual([]);
  });

  it("logs that it cannot tell, and goes on", async () => {
    const logged: { message: string }[] = [];
    const environment = { ...process.env, NOTIFY_SOCKET: "/nowhere/notify.sock" };
    await systemdNotifier((record) => logged.push(record), environment)("ready");
    expect(logged.map(({ message }) => message)).toEqual([
      "cannot tell systemd that this service is ready",
    ]);
  });
});
