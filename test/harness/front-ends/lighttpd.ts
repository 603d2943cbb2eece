import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../server-process.js";
import { requireServer } from "../servers.js";
import { type FrontEnd, type Route, runFrontEnd } from "./front-end.js";

/** What all of its ways need. docs/servers.md shows it. */
export const lighttpdSettings = `server.modules = ("mod_fastcgi", "mod_scgi", "mod_proxy")
server.max-request-size = 100000
server.stream-response-body = 1
server.http-parseopts = ( "url-path-2f-decode" => "disable", "url-path-2f-reject" => "disable", "url-ctrls-reject" => "disable" )`;

/** A way to a server: a socket. docs/servers.md shows it. */
export function lighttpdSite({ name, backend, port }: Route): string {
  const path = /^unix:(.*)$/.exec(backend)?.[1];
  const [address, number] = backend.split(":");
  const where =
    path === undefined ? `"host" => "${address}", "port" => ${number}` : `"socket" => "${path}"`;
  if (name === "proxy.server") {
    return `$SERVER["socket"] == "127.0.0.1:${port}" { proxy.server = ( "/" => (( ${where} )) ) }`;
  }
  const protocol = name === "fastcgi.server" ? "fastcgi" : "scgi";
  return `$SERVER["socket"] == "127.0.0.1:${port}" {
  ${name === "uwsgi" ? 'scgi.protocol = "uwsgi"' : ""}
  ${protocol}.server = ( "/" => (( ${where}, "check-local" => "disable" )) )
}`;
}

/** Starts a lighttpd with a socket for each of its ways: `fastcgi.server`, `scgi.server`,
 * `uwsgi`, which is a protocol of its scgi.server, and `proxy.server` (HTTP). */
export function startLighttpdFront(routes: readonly Route[]): Promise<FrontEnd> {
  const folder = makeFolder();
  mkdirSync(join(folder, "www"));
  const [first] = routes;
  const configuration = `${lighttpdSettings}
server.document-root = "${folder}/www"
server.bind = "127.0.0.1"
server.port = ${first?.port}
server.errorlog = "${folder}/error.log"
server.upload-dirs = ("${folder}")
${routes.map(lighttpdSite).join("\n")}
`;
  const path = join(folder, "lighttpd.conf");
  const log = join(folder, "error.log");
  writeFileSync(path, configuration);
  return runFrontEnd(requireServer("lighttpd"), ["-D", "-f", path], {
    folder,
    routes,
    log: () => (existsSync(log) ? readFileSync(log, "utf8") : ""),
  });
}
