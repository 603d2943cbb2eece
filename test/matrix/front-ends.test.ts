import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { handlerOf } from "../../src/server/handler.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { describeWith } from "../harness/describe-with.js";
import { startApacheFront } from "../harness/front-ends/apache.js";
import { startCaddyFront } from "../harness/front-ends/caddy.js";
import type { FrontEnd, Route } from "../harness/front-ends/front-end.js";
import { startHaproxyFront } from "../harness/front-ends/haproxy.js";
import { startLighttpdFront } from "../harness/front-ends/lighttpd.js";
import { startNginxFront } from "../harness/front-ends/nginx.js";
import { freePort } from "../harness/ports.js";
import { makeFolder } from "../harness/server-process.js";
import type { ServerName } from "../harness/servers.js";
import { createApplication } from "./application.mjs";
import { cases, type Way } from "./cases.js";
import { differences } from "./differences.js";

/** Servers of ours, each with the one application. */
type Backend =
  | "fcgi"
  | "fcgi unix"
  | "fcgi multiplex"
  | "scgi"
  | "uwsgi"
  | "http"
  | "http unix"
  | "none";

interface Front {
  needs: readonly ServerName[];
  start(routes: readonly Route[]): Promise<FrontEnd>;
  /** Its ways, and the server that each leads to. */
  ways: Readonly<Record<string, Backend>>;
}

const fronts: Readonly<Record<string, Front>> = {
  nginx: {
    needs: ["nginx"],
    start: startNginxFront,
    ways: {
      fastcgi_pass: "fcgi unix",
      fastcgi_keep_conn: "fcgi",
      unbuffered: "fcgi",
      scgi_pass: "scgi",
      uwsgi_pass: "uwsgi",
      proxy_pass: "http",
      proxy_keepalive: "http unix",
    },
  },
  Apache: {
    needs: ["apache2", "mod_fcgid"],
    start: startApacheFront,
    ways: {
      mod_proxy_fcgi: "fcgi",
      mod_proxy_scgi: "scgi",
      mod_proxy_uwsgi: "uwsgi",
      mod_proxy_http: "http",
      mod_fcgid: "none",
    },
  },
  lighttpd: {
    needs: ["lighttpd"],
    start: startLighttpdFront,
    ways: {
      "fastcgi.server": "fcgi unix",
      "scgi.server": "scgi",
      uwsgi: "uwsgi",
      "proxy.server": "http",
    },
  },
  Caddy: { needs: ["caddy"], start: startCaddyFront, ways: { fastcgi: "fcgi", http: "http" } },
  HAProxy: {
    needs: ["haproxy"],
    start: startHaproxyFront,
    ways: { close: "fcgi", "keep-conn": "fcgi", "mpxs-conns": "fcgi multiplex", http: "http" },
  },
};

const servers = new Map<Backend, GatewayServer>();
const seen = new Map<string, Map<string, string>>();
let folder: string;
let ownLog = "";

beforeAll(async () => {
  folder = makeFolder();
  const start = async (name: Backend, listen: string, multiplex = false) => {
    const onErrorOutput = (bytes: Uint8Array) => {
      ownLog += Buffer.from(bytes).toString();
    };
    const application = createApplication(handlerOf);
    servers.set(name, await serve(application, { listen, multiplex, onErrorOutput }));
  };
  await start("fcgi", "127.0.0.1:0");
  await start("fcgi unix", `unix:${join(folder, "app.sock")}`);
  await start("fcgi multiplex", "127.0.0.1:0", true);
  await start("scgi", "scgi://127.0.0.1:0");
  await start("uwsgi", "uwsgi://127.0.0.1:0");
  await start("http", "http://127.0.0.1:0");
  await start("http unix", `http://unix:${join(folder, "http.sock")}`);
});

afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.close(0)));
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(table());
});

for (const [name, front] of Object.entries(fronts)) {
  describeWith(front.needs, name, () => {
    let frontEnd: FrontEnd;

    beforeAll(async () => {
      const routes: Route[] = [];
      for (const [way, backend] of Object.entries(front.ways)) {
        const address = servers.get(backend)?.address.replace(/^\w+:\/\//, "") ?? "";
        routes.push({ name: way, backend: address, port: await freePort() });
      }
      frontEnd = await front.start(routes);
    });
    afterAll(() => frontEnd?.stop());

    for (const way of Object.keys(front.ways)) {
      const title = `${name} ${way}`;
      const results = new Map<string, string>();
      seen.set(title, results);
      for (const each of cases) {
        const difference = differences[title]?.[each.name];
        const because = difference === undefined ? "" : `: ${difference.is}, ${difference.because}`;
        it(`S3.10 ${way}, ${each.name}${because}`, async () => {
          const through: Way = {
            url: frontEnd.urls.get(way) as string,
            log: () => frontEnd.log(),
            ownLog: () => ownLog,
          };
          const result = await each.run(through);
          results.set(each.name, result);
          expect(result).toBe(difference?.is ?? "ok");
        });
      }
    }
  });
}

/** The matrix: a row a case, a column a way; what is different stands below it in words. */
function table(): string {
  const columns = [...seen].filter(([, results]) => results.size > 0);
  const width = Math.max(...cases.map(({ name }) => name.length));
  const notes: string[] = [];
  const rows = cases.map(({ name }) => {
    const cells = columns.map(([title, results]) => {
      const result = results.get(name) ?? "?";
      if (result === "ok") return " ok";
      const why = differences[title]?.[name]?.because ?? "not expected";
      const note = `${result}: ${why}`;
      if (!notes.includes(note)) notes.push(note);
      return `${notes.indexOf(note) + 1}`.padStart(3);
    });
    return `${name.padEnd(width)} ${cells.join(" ")}`;
  });
  const heads = columns.map(([title], at) => `${String.fromCharCode(65 + at)} ${title}`);
  const letters = columns.map((_, at) => ` ${String.fromCharCode(65 + at)} `);
  if (columns.length === 0) return "";
  return [
    "\nfront ends × servers",
    ...heads,
    `${"".padEnd(width)} ${letters.join(" ")}`,
    ...rows,
    ...notes.map((note, at) => `${`${at + 1}`.padStart(3)} ${note}`),
    "",
  ].join("\n");
}
