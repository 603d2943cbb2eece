import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { until } from "../../harness/server-process.js";

const bin = fileURLToPath(new URL("../../../bin/fcgi-probe.js", import.meta.url));

/** A running `fcgi-probe exporter`. */
export interface RunningExporter {
  /** Without a path. */
  readonly url: string;
  readonly pid: number;
  /** What it has written to standard error. */
  readonly log: string;
  /** Fetches a path, and returns its text. */
  get(path: string, headers?: Record<string, string>): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Reads its log no more. */
  stopReading(): void;
  /** Waits until a text is in the log. */
  logs(text: string | RegExp): Promise<void>;
  /** Waits until the process has ended. */
  readonly ended: Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface StartOptions {
  readonly env?: Record<string, string>;
  /** The arguments before those of the exporter. Default: `exporter`. */
  readonly command?: readonly string[];
  /** What starts it, such as `unshare` and its options, and keeps its process. Default: nothing. */
  readonly prefix?: readonly string[];
  /** Whether it gets one SIGHUP after another until it listens. */
  readonly hangUps?: boolean;
  /** Whether it listens where its arguments say. Default: on any free port of 127.0.0.1. */
  readonly listensItself?: boolean;
}

/** Starts an exporter, and waits until it listens. */
export async function startExporter(
  args: readonly string[],
  {
    env = {},
    command = ["exporter"],
    prefix = [],
    listensItself = false,
    hangUps = false,
  }: StartOptions = {},
): Promise<RunningExporter> {
  const listen = listensItself ? [] : ["--web.listen-address=127.0.0.1:0"];
  const { PATH = "", HOME = "" } = process.env;
  const line = [...prefix, process.execPath, bin, ...command, ...listen, ...args];
  const child = spawn(line[0] as string, line.slice(1), {
    env: { PATH, HOME, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (bytes: Buffer) => {
    log += bytes.toString();
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const address = () => /msg"?[=:]"?listening"?[ ,]"?address"?[=:]"?([^\s",]+)/.exec(log)?.[1];
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
  };
  // Before Node runs the command, it can handle no signal.
  const sending = hangUps && setInterval(() => runsCommand(child.pid) && child.kill("SIGHUP"), 5);
  try {
    await until(
      () => address() !== undefined || child.exitCode !== null,
      () => `the exporter did not start:\n${log}`,
    );
    if (address() === undefined) throw new Error(`the exporter ended: ${child.exitCode}\n${log}`);
  } catch (error) {
    await stop();
    throw error;
  }
  if (sending) clearInterval(sending);
  const url = `http://${(address() ?? "").replace(/^(?:\[::\]|0\.0\.0\.0):/, "127.0.0.1:")}`;
  return {
    url,
    pid: child.pid as number,
    get log() {
      return log;
    },
    async get(path, headers = {}) {
      const response = await fetch(`${url}${path}`, { headers });
      return response.text();
    },
    signal: (name) => void child.kill(name),
    stopReading: () => void child.stderr.pause(),
    logs: (text) =>
      until(
        () => log.search(text) >= 0,
        () => `${text} is not in the log:\n${log}`,
      ),
    ended,
    [Symbol.asyncDispose]: stop,
  };
}

/** Whether a process handles SIGHUP: by the mask of its caught signals. */
function runsCommand(pid: number | undefined): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return (Number.parseInt(/^SigCgt:\s*(\w+)/m.exec(status)?.[1]?.slice(-8) ?? "0", 16) & 1) === 1;
}
