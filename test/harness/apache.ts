import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./ports.js";
import { childrenOf } from "./processes.js";
import { makeFolder, ServerProcess, until } from "./server-process.js";
import { requireServer } from "./servers.js";

export type Mpm = "prefork" | "worker" | "event";

export interface ApacheOptions {
  readonly mpm: Mpm;
  /** Default true. */
  readonly extendedStatus?: boolean;
  /** Directives of the MPM, instead of ours. */
  readonly mpmDirectives?: readonly string[];
  /** Process groups of mod_wsgi, each with one process that runs {@link WSGI_APPLICATION}. */
  readonly wsgiGroups?: readonly string[];
  /** More directives. `@FOLDER@` in them is httpd's folder. */
  readonly extra?: readonly string[];
  /** What starts httpd, such as `unshare` and its options. */
  readonly prefix?: readonly string[];
}

export interface Apache {
  /** Without a path. */
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  readonly pidFile: string;
  readonly configuration: string;
  log(): string;
  /** Restarts gracefully (SIGUSR1), and waits until httpd says that it has. */
  reload(): Promise<void>;
  /** Ends it, waits until it is gone, and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

const MODULE_FOLDERS = ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"];

/** Where a module is, such as `mod_wsgi`; `undefined` where it is not installed. */
export function findModule(name: string): string | undefined {
  return MODULE_FOLDERS.map((folder) => join(folder, `${name}.so`)).find((path) =>
    existsSync(path),
  );
}

/** Sleeps for as many seconds as the query says before it answers. */
const SLEEPING_SCRIPT =
  '#!/bin/sh\nsleep "$QUERY_STRING"\necho "Content-Type: text/plain"\necho\necho slept\n';

/** Keeps as many megabytes as the query says, and answers. */
const WSGI_APPLICATION = `kept = []
def application(environ, start_response):
    kept.append(bytearray(1048576 * int(environ.get("QUERY_STRING") or 0)))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
`;

const MPM_DIRECTIVES: Readonly<Record<Mpm, readonly string[]>> = {
  prefork: ["StartServers 5", "MinSpareServers 1", "MaxSpareServers 8", "MaxRequestWorkers 8"],
  worker: ["StartServers 2", "ThreadsPerChild 8", "ServerLimit 3", "MaxRequestWorkers 24"],
  event: ["StartServers 2", "ThreadsPerChild 8", "ServerLimit 3", "MaxRequestWorkers 24"],
};

const START_ATTEMPTS = 3;
const READY = "resuming normal operations";

export const loadModule = (name: string): string[] => {
  const path = findModule(name);
  const identifier = `${name.replace(/^mod_/, "")}_module`;
  return path === undefined ? [] : [`LoadModule ${identifier} ${path}`];
};

function wsgi(groups: readonly string[], folder: string): string[] {
  if (groups.length === 0) return [];
  return [
    ...loadModule("mod_wsgi"),
    `WSGISocketPrefix ${folder}/run/wsgi`,
    ...groups.flatMap((name) => [
      `WSGIDaemonProcess ${name} processes=1 threads=2 display-name=%{GROUP}`,
      `WSGIScriptAlias /wsgi/${name} ${folder}/www/application.wsgi process-group=${name} application-group=%{GLOBAL}`,
    ]),
  ];
}

function configure(options: ApacheOptions, folder: string, port: number): string {
  const { mpm } = options;
  const isRoot = process.getuid?.() === 0;
  const lines = [
    `ServerRoot ${folder}`,
    "ServerName localhost",
    `PidFile ${folder}/run/httpd.pid`,
    `Mutex file:${folder}/run`,
    `DefaultRuntimeDir ${folder}/run`,
    `ErrorLog ${folder}/error.log`,
    "LogLevel notice",
    `Listen 127.0.0.1:${port}`,
    ...["mod_unixd", "mod_log_config", `mod_mpm_${mpm}`].flatMap(loadModule),
    ...["mod_authz_core", "mod_alias", "mod_status"].flatMap(loadModule),
    ...loadModule(mpm === "prefork" ? "mod_cgi" : "mod_cgid"),
    ...(mpm === "prefork" ? [] : [`ScriptSock ${folder}/run/cgi.sock`]),
    ...(isRoot ? ["User www-data", "Group www-data"] : []),
    `ExtendedStatus ${options.extendedStatus === false ? "Off" : "On"}`,
    ...(options.mpmDirectives ?? MPM_DIRECTIVES[mpm]),
    "KeepAliveTimeout 2",
    `DocumentRoot ${folder}/www`,
    `ScriptAlias /cgi/ ${folder}/cgi/`,
    "<Location /server-status>",
    "SetHandler server-status",
    "</Location>",
    ...wsgi(options.wsgiGroups ?? [], folder),
    ...(options.extra ?? []).map((line) => line.replaceAll("@FOLDER@", folder)),
  ];
  return `${lines.join("\n")}\n`;
}

function makeFiles(folder: string): void {
  for (const name of ["run", "www", "cgi"]) mkdirSync(join(folder, name));
  // Workers run as another user where the tests run as root.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "www", "index.txt"), "hello\n");
  writeFileSync(join(folder, "www", "application.wsgi"), WSGI_APPLICATION);
  writeFileSync(join(folder, "cgi", "sleep.sh"), SLEEPING_SCRIPT, { mode: 0o755 });
}

async function launch(program: string, options: ApacheOptions): Promise<Apache> {
  const folder = makeFolder();
  const port = await freePort();
  makeFiles(folder);
  const configuration = join(folder, "httpd.conf");
  writeFileSync(configuration, configure(options, folder, port));
  const read = () => {
    const path = join(folder, "error.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const countReady = () => read().split(READY).length - 1;
  const words = [...(options.prefix ?? []), program, "-D", "FOREGROUND", "-f", configuration];
  const server = new ServerProcess(words[0]!, words.slice(1), folder);
  await server.ready(() => countReady() > 0, read);

  let lastLog = "";
  return {
    url: `http://127.0.0.1:${port}`,
    pid: server.pid,
    folder,
    pidFile: join(folder, "run", "httpd.pid"),
    configuration,
    log: () => read() || lastLog,
    async reload() {
      const before = countReady();
      server.signal("SIGUSR1");
      await until(
        () => countReady() > before,
        () => `httpd did not restart:\n${read()}`,
      );
    },
    async stop() {
      lastLog ||= read();
      const wasRunning = server.isRunning;
      // `unshare --fork` waits for httpd, whatever it is sent itself.
      const isParent = options.prefix?.includes("--fork") === true;
      for (const pid of isParent ? childrenOf(server.pid) : []) process.kill(pid, "SIGTERM");
      await server.stop();
      // Scripts of workers that were killed are left over, in our process group.
      if (wasRunning) endGroup(server.pid);
    },
  };
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}

/**
 * Starts an httpd of our own, in the foreground, with its own folder and a loopback port. Stop it
 * in the test; if the test process dies first, it is stopped too.
 */
export async function startApache(options: ApacheOptions): Promise<Apache> {
  const program = requireServer("apache2");
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(program, options);
    } catch (error) {
      // Somebody else took the free port before httpd did.
      const isTaken = /Address already in use/.test(String(error));
      if (!isTaken || attempt === START_ATTEMPTS) throw error;
    }
  }
}
