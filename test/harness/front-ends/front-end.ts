import { accepts } from "../ports.js";
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

/** Runs a front end in the foreground, and waits until it listens on all its ports. */
export async function runFrontEnd(
  program: string,
  args: readonly string[],
  { folder, routes, log }: { folder: string; routes: readonly Route[]; log: () => string },
): Promise<FrontEnd> {
  const server = new ServerProcess(program, args, folder);
  let lastLog = "";
  const read = () => log() + server.output;
  const listens = async () => {
    for (const { port } of routes) {
      if (!(await accepts({ port, host: "127.0.0.1" }))) return false;
    }
    return true;
  };
  await server.ready(listens, log);
  return {
    urls: new Map(routes.map(({ name, port }) => [name, `http://127.0.0.1:${port}`])),
    log: () => lastLog || read(),
    stop: () =>
      server.stop(() => {
        lastLog = read();
      }),
  };
}
