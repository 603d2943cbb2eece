import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accepts } from "./ports.js";
import { makeFolder, ServerProcess } from "./server-process.js";
import { requireServer } from "./servers.js";

export interface Fcgiwrap {
  readonly pid: number;
  /** `unix:/…/fcgiwrap.sock`. */
  readonly address: string;
  /** Ends it, waits until it is gone, and removes its folder. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The full path of one of our CGI programs: what each does is in its first line. */
export const cgiProgram = (name: string): string =>
  fileURLToPath(new URL(`cgi-bin/${name}`, import.meta.url));

/**
 * Starts an fcgiwrap of our own, which runs CGI programs for FastCGI requests. Stop it in the test;
 * if the test process dies first, it is stopped too.
 *
 * @param processes how many requests it serves at once
 */
export async function startFcgiwrap(processes = 4): Promise<Fcgiwrap> {
  const folder = makeFolder();
  const path = join(folder, "fcgiwrap.sock");
  const server = new ServerProcess(
    requireServer("fcgiwrap"),
    ["-f", "-c", String(processes), "-s", `unix:${path}`],
    folder,
  );
  await server.ready(() => accepts({ path }));
  const stop = async () => {
    // Its processes outlive the first of them.
    if (server.isRunning) process.kill(-server.pid, "SIGTERM");
    await server.stop();
  };
  return { pid: server.pid, address: `unix:${path}`, stop, [Symbol.asyncDispose]: stop };
}
