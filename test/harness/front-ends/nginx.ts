import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../server-process.js";
import { requireServer } from "../servers.js";
import { type FrontEnd, type Route, runFrontEnd } from "./front-end.js";

const TEMPORARY = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"];

/** The variables of Debian's *_params that its three protocols have in common. */
const VARIABLES = `
QUERY_STRING $query_string
REQUEST_METHOD $request_method
CONTENT_TYPE $content_type
REQUEST_URI $request_uri
DOCUMENT_URI $document_uri
SERVER_PROTOCOL $server_protocol
REQUEST_SCHEME $scheme
REMOTE_ADDR $remote_addr
REMOTE_PORT $remote_port
SERVER_PORT $server_port
SERVER_NAME $server_name`;

/** With SCGI nginx sends it by itself, and first. */
const CONTENT_LENGTH = "CONTENT_LENGTH $content_length";

const parameters = (protocol: string, more: readonly string[]) =>
  [...VARIABLES.trim().split("\n"), ...more].map((line) => `${protocol}_param ${line};`).join("\n");

/** What Debian's fastcgi_params, scgi_params and uwsgi_params hold, as far as our servers need it. */
export const nginxParameters = {
  fastcgi: parameters("fastcgi", ["SCRIPT_NAME $fastcgi_script_name", CONTENT_LENGTH]),
  scgi: parameters("scgi", ["SCGI 1"]),
  uwsgi: parameters("uwsgi", ["PATH_INFO $document_uri", CONTENT_LENGTH]),
} as const;

/** The upstreams of the ways that keep connections. */
const UPSTREAMS: Readonly<Record<string, string>> = {
  fastcgi_keep_conn: "kept",
  proxy_keepalive: "kept_http",
};

function location({ name, backend }: Route): string {
  switch (name) {
    case "fastcgi_keep_conn":
      return "fastcgi_pass kept; fastcgi_keep_conn on;";
    case "unbuffered":
      return `fastcgi_pass ${backend}; fastcgi_buffering off; fastcgi_request_buffering off;`;
    case "proxy_pass":
      return `proxy_pass http://${backend};`;
    case "proxy_keepalive":
      return `proxy_pass http://kept_http; proxy_http_version 1.1; proxy_set_header Connection "";`;
    default:
      return `${name} ${backend};`;
  }
}

/** A way to a server: the upstream that it needs, and nginx's server. docs/servers.md shows it. */
export function nginxSite(route: Route): string {
  const { name, backend, port } = route;
  const kept = UPSTREAMS[name];
  const upstream =
    kept === undefined ? "" : `upstream ${kept} { server ${backend}; keepalive 8; }\n`;
  return `${upstream}server { listen 127.0.0.1:${port}; location / { ${location(route)} } }`;
}

/** Starts an nginx with a server for each of its ways: `fastcgi_pass`, `fastcgi_keep_conn`,
 * `unbuffered` (FastCGI), `scgi_pass`, `uwsgi_pass`, and of HTTP `proxy_pass` (1.0) and
 * `proxy_keepalive` (1.1). */
export function startNginxFront(routes: readonly Route[]): Promise<FrontEnd> {
  const folder = makeFolder();
  for (const name of TEMPORARY) mkdirSync(join(folder, name));
  const configuration = `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n")}
  client_max_body_size 100m;
  underscores_in_headers off;
  ${Object.values(nginxParameters).join("\n")}
  ${routes.map(nginxSite).join("\n")}
}
`;
  const path = join(folder, "nginx.conf");
  const log = join(folder, "error.log");
  writeFileSync(log, "");
  writeFileSync(path, configuration);
  return runFrontEnd(requireServer("nginx"), ["-c", path, "-e", log, "-p", folder], {
    folder,
    routes,
    log: () => readFileSync(log, "utf8"),
  });
}
