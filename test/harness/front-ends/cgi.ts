import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findModule, startApache } from "../apache.js";
import { startFcgiwrap } from "../fcgiwrap.js";
import { startNginx } from "../nginx.js";
import { freePort } from "../ports.js";
import { makeFolder } from "../server-process.js";
import { requireServer } from "../servers.js";
import { runFrontEnd } from "./front-end.js";

/** A web server that runs the command as a CGI program, at the path `/run`. */
export interface CgiFrontEnd {
  readonly url: string;
  stop(): Promise<void>;
}

/** Variables that the web server gives its programs beside the request's. */
export type Settings = Readonly<Record<string, string>>;

/**
 * Copies the command to where a web server's own user can read it, with an application beside it.
 *
 * @returns the text of the program that runs it
 */
function installCommand(folder: string, args: readonly string[], application: string): string {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const app = join(folder, "app");
  for (const name of ["lib", "bin", "package.json"]) {
    cpSync(join(root, name), join(app, name), { recursive: true });
  }
  chmodSync(folder, 0o755);
  writeFileSync(join(app, "application.mjs"), application);
  const command = [process.execPath, join(app, "bin/fcgi-probe.js"), ...args];
  return `#!/bin/sh\ncd '${app}'\nexec ${command.map((word) => `'${word}'`).join(" ")}\n`;
}

function installProgram(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

async function startApacheCgi(args: readonly string[], application: string, settings: Settings) {
  const apache = await startApache({
    mpm: "event",
    extra: [
      `LoadModule env_module ${findModule("mod_env")}`,
      ...Object.entries(settings).map(([name, value]) => `SetEnv ${name} ${value}`),
    ],
  });
  const text = installCommand(apache.folder, args, application);
  installProgram(join(apache.folder, "cgi", "run"), text);
  return { url: `${apache.url}/cgi/run`, stop: () => apache.stop() };
}

async function startLighttpdCgi(args: readonly string[], application: string, settings: Settings) {
  const folder = makeFolder();
  const port = await freePort();
  mkdirSync(join(folder, "www"));
  installProgram(join(folder, "www", "run"), installCommand(folder, args, application));
  const log = join(folder, "error.log");
  const variables = Object.entries(settings).map(([name, value]) => `"${name}" => "${value}"`);
  const path = join(folder, "lighttpd.conf");
  writeFileSync(
    path,
    `server.modules = ("mod_cgi", "mod_setenv")
server.document-root = "${folder}/www"
server.bind = "127.0.0.1"
server.port = ${port}
server.errorlog = "${log}"
server.upload-dirs = ("${folder}")
cgi.assign = ("/run" => "")
setenv.set-environment = (${variables.join(", ")})
`,
  );
  const front = await runFrontEnd(requireServer("lighttpd"), ["-D", "-f", path], {
    folder,
    routes: [{ name: "cgi", backend: "", port }],
    log: () => (existsSync(log) ? readFileSync(log, "utf8") : ""),
  });
  return { url: `${front.urls.get("cgi")}/run`, stop: () => front.stop() };
}

/** nginx has no CGI of its own, and hands all headers to fcgiwrap. */
async function startNginxCgi(args: readonly string[], application: string, settings: Settings) {
  const wrap = await startFcgiwrap();
  const folder = wrap.address.replace(/^unix:/, "").replace(/\/[^/]*$/, "");
  installProgram(join(folder, "run"), installCommand(folder, args, application));
  const own = { ...settings, SCRIPT_FILENAME: join(folder, "run") };
  const params = Object.entries(own).map(([name, value]) => `fastcgi_param ${name} ${value};`);
  const nginx = await startNginx(wrap.address, `${requestParams} ${params.join(" ")}`);
  const stop = async () => {
    await nginx.stop();
    await wrap.stop();
  };
  return { url: `${nginx.url}/run`, stop };
}

/** A location that sends variables of its own sends no others. */
const requestParams = [
  ...["QUERY_STRING $query_string", "REQUEST_METHOD $request_method", "REQUEST_URI $request_uri"],
  ...["CONTENT_TYPE $content_type", "CONTENT_LENGTH $content_length", "SCRIPT_NAME $uri"],
  ...["SERVER_PROTOCOL $server_protocol", "SERVER_NAME $server_name", "REMOTE_ADDR $remote_addr"],
]
  .map((param) => `fastcgi_param ${param};`)
  .join(" ");

const starters = { apache2: startApacheCgi, lighttpd: startLighttpdCgi, nginx: startNginxCgi };

/**
 * Starts a web server that runs the command for each request.
 *
 * @param args of the command; `application.mjs` is the application
 */
export function startCgiFrontEnd(
  name: keyof typeof starters,
  args: readonly string[],
  application: string,
  settings: Settings,
): Promise<CgiFrontEnd> {
  return starters[name](args, application, settings);
}
