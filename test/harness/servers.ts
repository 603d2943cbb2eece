import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

interface Server {
  /** The names of its program; the best comes last. */
  readonly program: RegExp;
  /** The Debian and Ubuntu package that has it. */
  readonly aptPackage: string;
  /** For a module of another server: where modules are. */
  readonly folders?: readonly string[];
}

/** The real servers and tools that tests run against, where they are installed. */
const SERVERS = {
  "php-fpm": { program: /^php-fpm(\d+\.\d+)?$/, aptPackage: "php8.2-fpm" },
  "cgi-fcgi": { program: /^cgi-fcgi$/, aptPackage: "libfcgi-bin" },
  uwsgi: { program: /^uwsgi$/, aptPackage: "uwsgi-plugin-python3" },
  fcgiwrap: { program: /^fcgiwrap$/, aptPackage: "fcgiwrap" },
  chromium: { program: /^chromium$/, aptPackage: "chromium" },
  python3: { program: /^python3$/, aptPackage: "python3" },
  nginx: { program: /^nginx$/, aptPackage: "nginx" },
  apache2: { program: /^(?:apache2|httpd)$/, aptPackage: "apache2" },
  mod_fcgid: {
    program: /^mod_fcgid\.so$/,
    aptPackage: "libapache2-mod-fcgid",
    folders: ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"],
  },
  // A library that gives a program another time of day.
  libfaketime: {
    program: /^libfaketime\.so\.1$/,
    aptPackage: "faketime",
    folders: [
      "/usr/lib/x86_64-linux-gnu/faketime",
      "/usr/lib/aarch64-linux-gnu/faketime",
      "/usr/lib64/faketime",
    ],
  },
  lighttpd: { program: /^lighttpd$/, aptPackage: "lighttpd" },
  caddy: { program: /^caddy$/, aptPackage: "caddy" },
  haproxy: { program: /^haproxy$/, aptPackage: "haproxy" },
  zsh: { program: /^zsh$/, aptPackage: "zsh" },
  fish: { program: /^fish$/, aptPackage: "fish" },
  "zabbix-agent": { program: /^zabbix_agentd$/, aptPackage: "zabbix-agent" },
  groff: { program: /^groff$/, aptPackage: "groff" },
  tmux: { program: /^tmux$/, aptPackage: "tmux" },
  strace: { program: /^strace$/, aptPackage: "strace" },
  wrk: { program: /^wrk$/, aptPackage: "wrk" },
  dnsmasq: { program: /^dnsmasq$/, aptPackage: "dnsmasq-base" },
  prometheus: { program: /^prometheus$/, aptPackage: "prometheus" },
  promtool: { program: /^promtool$/, aptPackage: "prometheus" },
  "apache-exporter": {
    program: /^(?:prometheus-)?apache[-_]exporter$/,
    aptPackage: "prometheus-apache-exporter",
  },
} as const satisfies Record<string, Server>;

export type ServerName = keyof typeof SERVERS;

/** Where servers live that is not on everybody's PATH. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function programsIn(folder: string, program: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => program.test(name))
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  } catch {
    return [];
  }
}

/** The path of a server's program on PATH or in a system folder; undefined when it is missing. */
export function findServer(name: ServerName): string | undefined {
  const server: Server = SERVERS[name];
  const programs = [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  for (const folder of (server.folders ?? programs).filter((path) => path !== "")) {
    const best = programsIn(folder, server.program)
      .map((program) => join(folder, program))
      .filter((path) => server.folders !== undefined || isExecutable(path))
      .at(-1);
    if (best !== undefined) return best;
  }
  return undefined;
}

/** The path of a server's program.
 * @throws Error that names the package to install, when it is missing */
export function requireServer(name: ServerName): string {
  const path = findServer(name);
  if (path === undefined) {
    throw new Error(
      `${name} is not installed: apt-get install ${SERVERS[name].aptPackage} (or put it on the PATH)`,
    );
  }
  return path;
}

/** What to tell about a server that is missing: its name, and the package that has it. */
export function missingServer(name: ServerName): string {
  return `${name} (apt-get install ${SERVERS[name].aptPackage})`;
}
