import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { apacheSite } from "../harness/front-ends/apache.js";
import { caddySite } from "../harness/front-ends/caddy.js";
import type { Route } from "../harness/front-ends/front-end.js";
import { haproxyDefaults, haproxySite } from "../harness/front-ends/haproxy.js";
import { lighttpdSettings, lighttpdSite } from "../harness/front-ends/lighttpd.js";
import { nginxParameters, nginxSite } from "../harness/front-ends/nginx.js";
import { differences } from "../matrix/differences.js";
import { blocksOf, readPage } from "./pages.js";

const page = readPage("docs/servers.md");

/** The text of the blocks of a language, by lines or, where lines do not count, by words. */
const shown = (language: string, separator: string): string =>
  blocksOf(page)
    .filter((block) => block.language === language)
    .map(({ text }) => words(text, separator))
    .join(separator);
const words = (text: string, separator: string): string =>
  text
    .split(separator === "\n" ? "\n" : /\s+/)
    .map((part) => part.trim().replace(/\s+/g, " "))
    .filter((part) => part !== "")
    .join(separator);

const SOCKET = "unix:/run/app.sock";
const TCP = "127.0.0.1:9000";
const FOLDER = "/srv/app";
const routes = (ways: Readonly<Record<string, string>>): Route[] =>
  Object.entries(ways).map(([name, backend], at) => ({ name, backend, port: 8081 + at }));

describe("docs/servers.md", () => {
  it.each([
    [
      "nginx",
      " ",
      routes({
        fastcgi_pass: SOCKET,
        fastcgi_keep_conn: TCP,
        unbuffered: TCP,
        scgi_pass: "127.0.0.1:9001",
        uwsgi_pass: "127.0.0.1:9002",
        proxy_pass: "127.0.0.1:9003",
        proxy_keepalive: "unix:/run/http.sock",
      }).map(nginxSite),
    ],
    [
      "apache",
      "\n",
      routes({
        mod_proxy_fcgi: TCP,
        mod_proxy_scgi: "127.0.0.1:9001",
        mod_proxy_uwsgi: "127.0.0.1:9002",
        mod_proxy_http: "127.0.0.1:9003",
        mod_fcgid: "",
      }).map((route) => apacheSite(route, "/srv", "/usr/bin/node")),
    ],
    [
      "lighttpd",
      " ",
      [
        lighttpdSettings,
        ...routes({
          "fastcgi.server": SOCKET,
          "scgi.server": "127.0.0.1:9001",
          uwsgi: "127.0.0.1:9002",
          "proxy.server": "127.0.0.1:9003",
        }).map(lighttpdSite),
      ],
    ],
    [
      "caddyfile",
      " ",
      routes({ fastcgi: TCP, http: "127.0.0.1:9003" }).map((route) => caddySite(route, FOLDER)),
    ],
    [
      "haproxy",
      "\n",
      [
        haproxyDefaults,
        ...routes({ close: TCP, "keep-conn": TCP, "mpxs-conns": TCP, http: "127.0.0.1:9003" }).map(
          (route) => haproxySite(route, FOLDER),
        ),
      ],
    ],
  ] as const)("has the configuration that the matrix tests: %s", (language, separator, sites) => {
    expect(shown(language, separator)).toBe(
      sites.map((site) => words(site, separator)).join(separator),
    );
  });

  const included = Object.entries(nginxParameters).map(
    ([name, lines]) => [`/etc/nginx/${name}_params`, lines] as const,
  );
  it.runIf(existsSync("/etc/nginx/fastcgi_params")).each(included)(
    "names a file that has what the matrix sends: %s",
    (path, lines) => {
      const file = readFileSync(path, "utf8").replace(/[ \t]+/g, " ");
      // With SCGI, nginx sends the one by itself; with uwsgi, PATH_INFO has the other.
      const needed = lines
        .split("\n")
        .filter((line) => !/^(scgi_param SCGI|uwsgi_param DOCU)/.test(line));
      expect(needed.filter((line) => !file.includes(line))).toEqual([]);
    },
  );

  it("has the list of differences", () => {
    expect(page.text).toContain(differencesTable());
  });
});

/** The differences, those of one kind in one row. */
function differencesTable(): string {
  const rows = new Map<string, string[]>();
  for (const [way, cases] of Object.entries(differences)) {
    for (const [name, { is, because }] of Object.entries(cases)) {
      const key = `| ${name} | ${is} | ${because} |`;
      rows.set(key, [...(rows.get(key) ?? []), way]);
    }
  }
  const lines = [...rows]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, ways]) => `${key} ${ways.join(", ")} |`);
  return ["| what | is | because | behind |", "|---|---|---|---|", ...lines, ""].join("\n");
}
