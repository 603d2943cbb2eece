import { execFile } from "node:child_process";
import { ErrorCode, GatewayError } from "../errors.js";
import type { WebLog } from "./web-log.js";

/** The first descriptor that systemd passes. */
const FIRST = 3;
/** The most descriptors that are taken. */
const MAX_SOCKETS = 64;
/** Milliseconds that telling systemd may take. */
const NOTIFY_TIMEOUT = 5_000;
/** The same at the end, which waits for it. */
const STOPPING_TIMEOUT = 500;

type MutableEnvironment = Record<string, string | undefined>;

/** A listening socket that systemd has opened. */
export interface SystemdSocket {
  readonly fd: number;
  /** The FileDescriptorName of its unit. */
  readonly name: string | undefined;
}

/**
 * The sockets that systemd has passed to this process (sd_listen_fds). Their variables are removed,
 * so that no child takes them for its own.
 *
 * @throws GatewayError `bad_input` when there are none
 */
export function takeSystemdSockets(environment: MutableEnvironment = process.env): SystemdSocket[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = environment;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete environment[name];
  const failure = (message: string, hint: string) =>
    new GatewayError(ErrorCode.BadInput, message, { hint });
  if (pid === undefined || count === undefined) {
    throw failure(
      "systemd has passed no sockets",
      "start it by a .socket unit with ListenStream=, or leave out --web.systemd-socket",
    );
  }
  if (Number(pid) !== process.pid) {
    throw failure(
      `systemd's sockets are those of process ${pid}, and this is ${process.pid}`,
      "start it in ExecStart= itself, without a shell or npx before it",
    );
  }
  const sockets = /^\d{1,4}$/.test(count) ? Number(count) : 0;
  if (sockets < 1 || sockets > MAX_SOCKETS) {
    throw failure(`LISTEN_FDS is ${count}`, `pass 1 to ${MAX_SOCKETS} sockets`);
  }
  const named = names?.split(":") ?? [];
  return Array.from({ length: sockets }, (_, index) => ({ fd: FIRST + index, name: named[index] }));
}

/** What a service tells systemd. */
export type SystemdState = "ready" | "reloading" | "stopping";

/**
 * Makes a function that tells systemd the state of this service, by `systemd-notify`, and waits for it:
 * half a second at most before it stops. Without NOTIFY_SOCKET it does nothing. The variable is removed, so that children
 * cannot tell. The unit needs `NotifyAccess=all`.
 */
export function systemdNotifier(
  log: WebLog,
  environment: MutableEnvironment = process.env,
): (state: SystemdState) => Promise<void> {
  const { NOTIFY_SOCKET: socket } = environment;
  delete environment["NOTIFY_SOCKET"];
  if (!socket) return () => Promise.resolve();
  const env = { ...environment, NOTIFY_SOCKET: socket } as NodeJS.ProcessEnv;
  return (state) =>
    new Promise((resolve) => {
      const timeout = state === "stopping" ? STOPPING_TIMEOUT : NOTIFY_TIMEOUT;
      const options = { env, timeout, killSignal: "SIGKILL" } as const;
      execFile("systemd-notify", ["--no-block", ...messageOf(state)], options, (error) => {
        if (error !== null) {
          const message = `cannot tell systemd that this service is ${state}`;
          log({ level: "warn", message, error: error.message.trim().split("\n").join(" ") });
        }
        resolve();
      });
    });
}

function messageOf(state: SystemdState): string[] {
  switch (state) {
    case "ready":
      return ["--ready"];
    case "stopping":
      return ["STOPPING=1"];
    case "reloading":
      // Type=notify-reload needs the time, too.
      return ["RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`];
  }
}
