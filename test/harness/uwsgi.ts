import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./ports.js";
import { makeFolder, ServerProcess } from "./server-process.js";
import { requireServer } from "./servers.js";

/** The protocols that a uWSGI speaks, each on sockets of its own. */
export type UwsgiProtocol = "uwsgi" | "fcgi" | "scgi";

export interface Uwsgi {
  readonly pid: number;
  /** `uwsgi://unix:/…/uwsgi.sock` or `uwsgi://127.0.0.1:3031`. */
  address(protocol: UwsgiProtocol, listen: "unix" | "tcp"): string;
  /** What it wrote to its log. */
  log(): string;
  /** Ends it, waits until it is gone, and removes its folder. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface UwsgiOptions {
  readonly processes?: number;
  /** Bytes of variables that it takes. Default 65,535, the most; its own default is 4,096. */
  readonly bufferSize?: number;
}

/** Our WSGI application: what it does is in its first line. */
const APPLICATION = fileURLToPath(new URL("uwsgi-app.py", import.meta.url));
const START_ATTEMPTS = 3;

const SOCKET_OPTIONS: Readonly<Record<UwsgiProtocol, string>> = {
  uwsgi: "--socket",
  fcgi: "--fastcgi-socket",
  scgi: "--scgi-socket",
};

async function launch(program: string, options: UwsgiOptions): Promise<Uwsgi> {
  const { processes = 4, bufferSize = 65_535 } = options;
  const folder = makeFolder();
  const listeners = new Map<string, string>();
  const sockets: string[] = [];
  for (const [protocol, option] of Object.entries(SOCKET_OPTIONS)) {
    const path = join(folder, `${protocol}.sock`);
    const tcp = `127.0.0.1:${await freePort()}`;
    listeners.set(`${protocol} unix`, `${protocol}://unix:${path}`);
    listeners.set(`${protocol} tcp`, `${protocol}://${tcp}`);
    sockets.push(option, path, option, tcp);
  }
  const server = new ServerProcess(
    program,
    [
      ...["--plugins", "python3,ping", "--wsgi-file", APPLICATION, "--need-app"],
      ...["--master", "--processes", String(processes), "--die-on-term", "--no-orphans"],
      // A worker that is busy when we stop is not waited for.
      ...["--reload-mercy", "1", "--worker-reload-mercy", "1"],
      ...["--buffer-size", String(bufferSize), "--listen", "100"],
      ...sockets,
    ],
    folder,
  );
  const workers = () => server.output.split(/spawned uWSGI worker \d+ \(pid/).length - 1;
  await server.ready(() => workers() >= processes);
  const stop = () => server.stop();
  return {
    pid: server.pid,
    address(protocol, listen) {
      const address = listeners.get(`${protocol} ${listen}`);
      if (address === undefined) throw new Error(`uWSGI has no ${protocol} socket on ${listen}`);
      return address;
    },
    log: () => server.output,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * Starts a uWSGI of our own in the foreground, with our WSGI application on six sockets. Stop it in
 * the test; if the test process dies first, it is stopped too.
 */
export async function startUwsgi(options: UwsgiOptions = {}): Promise<Uwsgi> {
  const program = requireServer("uwsgi");
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(program, options);
    } catch (error) {
      // Somebody else took the free port before uWSGI did.
      const isTaken = /Address already in use/.test(String(error));
      if (!isTaken || attempt === START_ATTEMPTS) throw error;
    }
  }
}
