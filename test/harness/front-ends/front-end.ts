import { connect } from "node:net";
import { ServerProcess } from "../server-process.js";

/** A web server of our own in front of servers of ours. */
export interface FrontEnd {
  /** Where each of its ways to a server is, without a path: `http://127.0.0.1:1234`. */
  readonly urls: ReadonlyMap<string, string>;
  /** What it wrote to its error log, and said. */
  log(): string;
  /** Ends it, waits until it is gone, and removes its folder. */
  stop(): Promise<void>;
}

/** A way to a server: on a port of its own, so that paths need no prefix. */
export interface Route {
  /** Such as `fastcgi_pass`. */
  readonly name: string;
  /** `127.0.0.1:9000`, or with `unix:` the path of a socket. */
  readonly backend: string;
  readonly port: number;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Runs a front end in the foreground, and waits until it listens on all its ports. */
export async function runFrontEnd(
  program: string,
  args: readonly string[],
  { folder, routes, log }: { folder: string; routes: readonly Route[]; log: () => string },
): Promise<FrontEnd> {
  const server = new ServerProcess(program, args, folder);
  let lastLog = "";
  const read = () => log() + server.output;
  const silent = new Set(routes.map(({ port }) => port));
  const poll = setInterval(async () => {
    for (const port of [...silent]) if (await accepts(port)) silent.delete(port);
  }, 20);
  try {
    await server.ready(() => silent.size === 0, log);
  } finally {
    clearInterval(poll);
  }
  return {
    urls: new Map(routes.map(({ name, port }) => [name, `http://127.0.0.1:${port}`])),
    log: () => lastLog || read(),
    stop: () =>
      server.stop(() => {
        lastLog = read();
      }),
  };
}
