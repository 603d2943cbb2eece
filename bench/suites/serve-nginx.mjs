// What a small request costs behind nginx, and what the processes of CGI cost.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compileResponder } from "../lib/reference.mjs";
import { progress, reportAll } from "../lib/report.mjs";
import { startProgram, stop } from "../serve/processes.mjs";
import {
  check,
  fcgiProbe,
  file,
  folder,
  hasUwsgi,
  inTurns,
  isThere,
  program,
  script,
  uwsgi,
} from "../serve/turns.mjs";

const BASELINE = "node-fastcgi 2.0.0, FastCGI";

const responder = compileResponder();

if (isThere("nginx") && isThere("wrk")) {
  const rate = await compareAll();
  if (isThere("fcgiwrap")) await compareCgi(rate);
  else progress("without CGI (apt-get install fcgiwrap)");
} else progress("without the rows behind nginx (apt-get install nginx wrk)");

/** @returns the rate that the ratios refer to */
async function compareAll() {
  let nginx;
  const start = async () => {
    if (nginx !== undefined) await stop(nginx.child);
    const contenders = await startContenders();
    nginx = await startNginx(contenders);
    return contenders;
  };
  const name = "behind nginx, 64 connections";
  const run = ({ path }) => wrk(nginx.port, path, 64, 1);
  const rates = await inTurns(name, start, BASELINE, run);
  await stop(nginx.child);
  return rates.get(BASELINE);
}

async function startContenders() {
  const contenders = [
    contender("fcgi-probe, FastCGI", "fastcgi", await fcgiProbe("fcgi")),
    contender(
      "fcgi-probe, FastCGI, kept",
      "fastcgi",
      await fcgiProbe("fcgi"),
      "fastcgi_keep_conn on;",
    ),
    contender("fcgi-probe, SCGI", "scgi", await fcgiProbe("scgi")),
    contender("fcgi-probe, uwsgi", "uwsgi", await fcgiProbe("uwsgi")),
    contender("fcgi-probe, HTTP", "proxy", await fcgiProbe("http")),
    contender(BASELINE, "fastcgi", await script("node-fastcgi.mjs")),
    contender("node:http", "proxy", await script("node-http.mjs")),
  ];
  if (responder) {
    const server = await program(responder, "SOCKET");
    contenders.push(contender("C and libfcgi, FastCGI", "fastcgi", server));
  }
  if (hasUwsgi) contenders.push(contender("uWSGI and Python, uwsgi", "uwsgi", await uwsgi()));
  return contenders;
}

/** Runs apart from the others, because its queued requests go on after the client has stopped. */
async function compareCgi(rate) {
  const server = await program("fcgiwrap", "-c", "2", "-s", "unix:SOCKET");
  const variable = `fastcgi_param SCRIPT_FILENAME ${file("cgi-program.mjs")};`;
  const cgi = contender("fcgi-probe, CGI program", "fastcgi", server, variable);
  const nginx = await startNginx([cgi]);
  const { amount, seconds } = await wrk(nginx.port, cgi.path, 2, 5);
  const rates = new Map([
    [BASELINE, rate],
    [cgi.name, amount / seconds],
  ]);
  reportAll("serve", "behind nginx, CGI with 2 connections", "requests/s", rates, BASELINE);
  await stop(server.child);
  await stop(nginx.child);
}

function contender(name, module, server, more = "") {
  return { name, module, server, more, path: `/${basename(server.socket)}/` };
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** @returns its process and its port; each contender has answered there */
async function startNginx(contenders) {
  const port = await freePort();
  const upstreams = contenders.map(
    ({ server }, at) => `upstream u${at} { server unix:${server.socket}; keepalive 64; }`,
  );
  const locations = contenders.map(({ module, path, more }, at) => {
    const target = module === "proxy" ? `http://u${at}` : `u${at}`;
    const variables = [
      ["REQUEST_METHOD", "$request_method"],
      ["REQUEST_URI", "$request_uri"],
      ["QUERY_STRING", "$query_string"],
      ["CONTENT_TYPE", "$content_type"],
      ["SERVER_PROTOCOL", "$server_protocol"],
      ["SERVER_PORT", "$server_port"],
      ["REMOTE_ADDR", "$remote_addr"],
      // For SCGI, nginx sends CONTENT_LENGTH by itself.
      module === "scgi" ? ["SCGI", "1"] : ["CONTENT_LENGTH", "$content_length"],
    ].map(([name, value]) => `${module}_param ${name} ${value};`);
    const params =
      module === "proxy"
        ? [
            "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $http_host;",
          ]
        : variables;
    return `location ${path} { ${module}_pass ${target}; ${params.join(" ")} ${more} }`;
  });
  const configuration = join(folder, "nginx.conf");
  writeFileSync(
    configuration,
    `daemon off; ${process.getuid() === 0 ? "user root;" : ""} worker_processes 1; pid ${join(folder, "nginx.pid")}; error_log ${join(folder, "error.log")};
events { worker_connections 1024; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join(" ")}
  ${upstreams.join("\n  ")}
  server { listen 127.0.0.1:${port}; ${locations.join("\n    ")} }
}
`,
  );
  const child = await startProgram("nginx", ["-c", configuration, "-p", folder], undefined);
  await untilOpen(port, child);
  for (const { name, path } of contenders) {
    const url = `http://127.0.0.1:${port}${path}?a=1`;
    check(name, await (await fetch(url)).text(), url);
  }
  return { child, port };
}

async function untilOpen(port, child) {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) break;
    const socket = net.connect(port, "127.0.0.1");
    const isOpen = await new Promise((resolve) => {
      socket.on("connect", () => resolve(true));
      socket.on("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await sleep(20);
  }
  throw new Error("nginx does not start");
}

async function wrk(port, path, connections, time) {
  const url = `http://127.0.0.1:${port}${path}?a=1`;
  const child = spawn("wrk", ["-t1", `-c${connections}`, `-d${time}s`, url]);
  let text = "";
  child.stdout.on("data", (bytes) => {
    text += bytes;
  });
  await once(child, "close");
  const [, answers, seconds] = /(\d+) requests in ([\d.]+)s/.exec(text) ?? [];
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1];
  if (answers === undefined || bad !== undefined) throw new Error(`wrk ${path}: ${text}`);
  return { amount: Number(answers), seconds: Number(seconds) };
}
