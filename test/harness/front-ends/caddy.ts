import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../server-process.js";
import { requireServer } from "../servers.js";
import { type FrontEnd, type Route, runFrontEnd } from "./front-end.js";

/** A way to a server: a site. docs/servers.md shows it. */
export function caddySite({ name, backend, port }: Route, folder: string): string {
  return `http://127.0.0.1:${port} {
	bind 127.0.0.1
	reverse_proxy ${backend.replace(/^unix:/, "unix/")} {
		flush_interval -1
		${name === "fastcgi" ? `transport fastcgi {\nroot ${folder}\ncapture_stderr\n}` : ""}
	}
}`;
}

/** Starts a Caddy with a site for each of its ways: `fastcgi` and `http`. */
export function startCaddyFront(routes: readonly Route[]): Promise<FrontEnd> {
  const folder = makeFolder();
  const sites = routes.map((route) => caddySite(route, folder));
  const path = join(folder, "Caddyfile");
  writeFileSync(
    path,
    `{
	admin off
	auto_https off
	storage file_system ${folder}
}
${sites.join("\n")}
`,
  );
  const run = ["run", "--config", path, "--adapter", "caddyfile"];
  return runFrontEnd(requireServer("caddy"), run, { folder, routes, log: () => "" });
}
