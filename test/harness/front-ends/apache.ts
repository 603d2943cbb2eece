import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findModule } from "../apache.js";
import { makeFolder } from "../server-process.js";
import { requireServer } from "../servers.js";
import { type FrontEnd, type Route, runFrontEnd } from "./front-end.js";

const MODULES = [
  "mod_unixd",
  "mod_mpm_event",
  "mod_authz_core",
  "mod_log_config",
  "mod_alias",
  "mod_proxy",
  "mod_proxy_fcgi",
  "mod_proxy_scgi",
  "mod_proxy_uwsgi",
  "mod_proxy_http",
  "mod_fcgid",
];

const SCHEMES: Readonly<Record<string, string>> = {
  mod_proxy_fcgi: "fcgi",
  mod_proxy_scgi: "scgi",
  mod_proxy_uwsgi: "uwsgi",
  mod_proxy_http: "http",
};

function backendUrl(scheme: string, backend: string): string {
  const path = /^unix:(.*)$/.exec(backend)?.[1];
  return path === undefined ? `${scheme}://${backend}/` : `unix:${path}|${scheme}://localhost/`;
}

/** A way to a server: a virtual host. docs/servers.md shows it. `node` runs mod_fcgid's program. */
export function apacheSite(
  { name, backend, port }: Route,
  folder: string,
  node = process.execPath,
): string {
  const scheme = SCHEMES[name];
  const lines =
    scheme === undefined
      ? [
          "FcgidOutputBufferSize 0",
          "FcgidMaxRequestLen 100000000",
          `ScriptAliasMatch ^/do ${folder}/app/do.fcgi`,
          `<Directory ${folder}/app>`,
          "Require all granted",
          "Options +ExecCGI",
          "SetHandler fcgid-script",
          `FcgidWrapper "${node} ${folder}/app/matrix/fcgid.mjs" virtual`,
          "</Directory>",
        ]
      : [
          // flushpackets: what comes is passed on at once.
          `ProxyPass / ${backendUrl(scheme, backend)} flushpackets=on`,
        ];
  return [
    `Listen 127.0.0.1:${port}`,
    `<VirtualHost 127.0.0.1:${port}>`,
    "AllowEncodedSlashes NoDecode",
    ...lines,
    "</VirtualHost>",
  ].join("\n");
}

/** What mod_fcgid starts, where httpd's user can read it. */
function copyApplication(folder: string): void {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const app = join(folder, "app");
  mkdirSync(join(app, "matrix"), { recursive: true });
  cpSync(join(root, "lib"), join(app, "lib"), { recursive: true });
  cpSync(join(root, "package.json"), join(app, "package.json"));
  for (const name of ["application.mjs", "fcgid.mjs"]) {
    cpSync(join(root, "test", "matrix", name), join(app, "matrix", name));
  }
  writeFileSync(join(app, "do.fcgi"), "", { mode: 0o755 });
}

/** Starts an httpd with a virtual host for each of its ways: `mod_proxy_fcgi`, `mod_proxy_scgi`,
 * `mod_proxy_uwsgi`, `mod_proxy_http`, and `mod_fcgid`, which starts the matrix's application itself. */
export function startApacheFront(routes: readonly Route[]): Promise<FrontEnd> {
  const folder = makeFolder();
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "run"));
  if (process.getuid?.() === 0) chmodSync(join(folder, "run"), 0o777);
  copyApplication(folder);
  const isRoot = process.getuid?.() === 0;
  const configuration = [
    `ServerRoot ${folder}`,
    "ServerName localhost",
    `PidFile ${folder}/run/httpd.pid`,
    `Mutex file:${folder}/run`,
    `DefaultRuntimeDir ${folder}/run`,
    `ErrorLog ${folder}/error.log`,
    "LogLevel warn",
    ...MODULES.flatMap((name) => {
      const path = findModule(name);
      // What has no file is built in.
      return path === undefined ? [] : [`LoadModule ${name.slice(4)}_module ${path}`];
    }),
    // A process serves one request at a time, and only the process that has the events reports them.
    "FcgidMaxProcesses 1",
    `FcgidIPCDir ${folder}/run`,
    `FcgidProcessTableFile ${folder}/run/fcgid_shm`,
    ...(isRoot ? ["User www-data", "Group www-data"] : []),
    "StartServers 1",
    "ThreadsPerChild 32",
    "ServerLimit 2",
    "MaxRequestWorkers 64",
    "Timeout 20",
    `DocumentRoot ${folder}/run`,
    ...routes.map((route) => apacheSite(route, folder)),
  ];
  const path = join(folder, "httpd.conf");
  const log = join(folder, "error.log");
  writeFileSync(path, `${configuration.join("\n")}\n`);
  return runFrontEnd(requireServer("apache2"), ["-D", "FOREGROUND", "-f", path], {
    folder,
    routes,
    log: () => (existsSync(log) ? readFileSync(log, "utf8") : ""),
  });
}
