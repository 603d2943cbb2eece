import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../server-process.js";
import { requireServer } from "../servers.js";
import { type FrontEnd, type Route, runFrontEnd } from "./front-end.js";

const OPTIONS: Readonly<Record<string, string>> = {
  close: "no option keep-conn",
  "keep-conn": "option keep-conn",
  "mpxs-conns": "option keep-conn\n  option mpxs-conns\n  option get-values\n  option max-reqs 16",
};

/** What all of its ways need. docs/servers.md shows it. */
export const haproxyDefaults = `defaults
  mode http
  option abortonclose
  option http-no-delay
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  log global
  retries 0`;

/** A way to a server: a frontend and a backend. docs/servers.md shows it. */
export function haproxySite(route: Route, folder: string): string {
  const { name, backend, port } = route;
  if (name === "http") return plainProxy(route);
  // Multiplexed, everything goes over one connection.
  const pool = name === "mpxs-conns" ? "pool-max-conn 1" : "";
  const reuse = name === "close" ? "never" : "always";
  return `fcgi-app app-${name}
  log-stderr global
  docroot ${folder}
  ${OPTIONS[name]}
frontend front-${name}
  bind 127.0.0.1:${port}
  default_backend back-${name}
backend back-${name}
  use-fcgi-app app-${name}
  http-reuse ${reuse}
  server s ${backend.replace(/^unix:/, "unix@")} proto fcgi ${pool}
`;
}

function plainProxy({ name, backend, port }: Route): string {
  return `frontend front-${name}
  bind 127.0.0.1:${port}
  default_backend back-${name}
backend back-${name}
  http-reuse always
  server s ${backend.replace(/^unix:/, "unix@")}
`;
}

/** Starts an HAProxy with a frontend for each of its ways: of FastCGI `close`, `keep-conn` and
 * `mpxs-conns`, and `http`. */
export function startHaproxyFront(routes: readonly Route[]): Promise<FrontEnd> {
  const folder = makeFolder();
  const configuration = `global
  maxconn 500
  nbthread 1
  log stdout format raw local0
${haproxyDefaults}
${routes.map((route) => haproxySite(route, folder)).join("\n")}`;
  const path = join(folder, "haproxy.cfg");
  writeFileSync(path, configuration);
  return runFrontEnd(requireServer("haproxy"), ["-db", "-f", path], {
    folder,
    routes,
    log: () => "",
  });
}
