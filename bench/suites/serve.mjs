// What a small request costs a server of each protocol, and how fast a long answer streams.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { compileResponder } from "../lib/reference.mjs";
import { median, progress, reportAll } from "../lib/report.mjs";
import { cpuOf, startProgram, startScript, stop } from "../serve/processes.mjs";
import { requestOf } from "../serve/requests.mjs";

/** The first round warms up and does not count. */
const ROUNDS = 1 + 5;
const ROUND_TIME = 1_000;

const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
const file = (name) => fileURLToPath(new URL(`../serve/${name}`, import.meta.url));
const isThere = (command) => spawnSync("which", [command]).status === 0;
let sockets = 0;
const newSocket = () => join(folder, `${++sockets}.sock`);

const responder = compileResponder();
const hasUwsgi = isThere("uwsgi");
if (!hasUwsgi) progress("without uWSGI (apt-get install uwsgi uwsgi-plugin-python3)");

await directly();
await pools();
await behindNginx();
await streamed();

/** A server on a socket of its own. */
async function script(name, ...args) {
  const socket = newSocket();
  return { socket, child: await startScript(name, [socket, ...args]) };
}

async function ours(protocol, application = "handler.mjs", ...mode) {
  const socket = newSocket();
  const address = `${protocol}://unix:${socket}`;
  return { socket, child: await startScript("ours.mjs", [address, application, ...mode]) };
}

async function program(command, ...args) {
  const socket = newSocket();
  const full = args.map((arg) => arg.replace("SOCKET", socket));
  return { socket, child: await startProgram(command, full, socket) };
}

function uwsgi() {
  return program(
    "uwsgi",
    ...["--plugins", "python3", "--wsgi-file", file("app.py"), "--need-app"],
    ...["--socket", "SOCKET", "--listen", "100", "--disable-logging", "--die-on-term"],
  );
}

async function directly() {
  const closed = [
    ["fcgi-probe, FastCGI", "fcgi", () => ours("fcgi")],
    ["fcgi-probe, SCGI", "scgi", () => ours("scgi")],
    ["fcgi-probe, uwsgi", "uwsgi", () => ours("uwsgi")],
    ["node-fastcgi 2.0.0", "fcgi", () => script("node-fastcgi.mjs")],
  ];
  if (responder) closed.push(["C and libfcgi", "fcgi", () => program(responder, "SOCKET")]);
  if (hasUwsgi) closed.push(["uWSGI and Python, uwsgi", "uwsgi", uwsgi]);
  closed.push([
    "bare Node, a constant",
    "fcgi",
    (answer) => script("bare.mjs", answer, "closed", "0"),
  ]);
  await load("a connection each, 16 at once", closed, false, 16, "node-fastcgi 2.0.0");
  await load(
    "kept connections, 16 at once",
    [
      ["fcgi-probe, FastCGI", "fcgi", () => ours("fcgi")],
      ["bare Node, a constant", "fcgi", (answer) => script("bare.mjs", answer, "kept", "0")],
    ],
    true,
    16,
    "fcgi-probe, FastCGI",
  );
}

async function pools() {
  const bare = "Node's net and cluster, a constant";
  await load(
    "SCGI, two workers, 64 at once",
    [
      ["fcgi-probe, shared", "scgi", () => ours("scgi", "handler.mjs", "shared")],
      ["fcgi-probe, delegate", "scgi", () => ours("scgi", "handler.mjs", "delegate")],
      [bare, "scgi", (answer) => script("bare.mjs", answer, "closed", "2")],
      [
        "the same, its workers accept",
        "scgi",
        (answer) => script("bare.mjs", answer, "closed", "2", "none"),
      ],
    ],
    false,
    64,
    bare,
  );
}

/** Contenders in turns. What is constant is what the contender before has answered. */
async function load(name, contenders, kept, connections, baseline) {
  const started = [];
  let answer = "";
  for (const [title, protocol, start] of contenders) {
    const server = await start(answer);
    const request = Buffer.from(await requestOf(protocol, kept)).toString("base64");
    const options = { listen: server.socket, request, kept };
    const client = await startScript("client.mjs", [JSON.stringify(options)]);
    started.push({ name: title, server, client });
    const { first } = await ask(client, connections, 50);
    check(title, first, "http://127.0.0.1/t/echo.php?a=1&b=%20x");
    answer = Buffer.from(first, "latin1").toString("base64");
  }
  await inTurns(name, started, baseline, async ({ client }) => {
    const { answers, seconds } = await ask(client, connections, ROUND_TIME);
    return { answers, seconds };
  });
  for (const { client } of started) await stop(client);
}

/** A fast answer that is a wrong one is no answer. */
function check(name, answer, url) {
  if (!answer.includes(`GET ${url}\n`)) throw new Error(`${name} answers ${answer}`);
}

async function ask(client, connections, milliseconds) {
  client.send({ connections, milliseconds });
  const [result] = await Promise.race([once(client, "message"), failure(client)]);
  return result;
}

async function failure(client) {
  await once(client, "exit");
  throw new Error("the client failed");
}

async function inTurns(name, started, baseline, run) {
  const rates = new Map(started.map(({ name }) => [name, []]));
  const cpu = new Map(started.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < started.length; turn++) {
      const contender = started[(turn + round) % started.length];
      const { pid } = contender.server.child;
      const before = cpuOf(pid);
      const { answers, seconds } = await run(contender);
      if (round === 0) continue;
      rates.get(contender.name).push(answers / seconds);
      cpu.get(contender.name).push(((cpuOf(pid) - before) / answers) * 1e6);
    }
  }
  reportAll("serve", name, "requests/s", medians(rates), baseline);
  reportAll("serve", `${name}: CPU of the server`, "µs/request", medians(cpu), baseline);
  for (const { server } of started) await stop(server.child);
  progress(name);
  return medians(rates);
}

async function behindNginx() {
  if (!isThere("nginx") || !isThere("wrk")) {
    progress("without the rows behind nginx (apt-get install nginx wrk)");
    return;
  }
  const name = "behind nginx, 64 connections of wrk";
  const started = [
    ["fcgi-probe, FastCGI", "fastcgi", await ours("fcgi")],
    ["fcgi-probe, FastCGI, kept", "fastcgi", await ours("fcgi"), "fastcgi_keep_conn on;"],
    ["fcgi-probe, SCGI", "scgi", await ours("scgi")],
    ["fcgi-probe, uwsgi", "uwsgi", await ours("uwsgi")],
    ["node-fastcgi 2.0.0, FastCGI", "fastcgi", await script("node-fastcgi.mjs")],
    ["Node's own HTTP", "proxy", await script("http.mjs")],
  ];
  if (responder) {
    started.push(["C and libfcgi, FastCGI", "fastcgi", await program(responder, "SOCKET")]);
  }
  if (hasUwsgi) started.push(["uWSGI and Python, uwsgi", "uwsgi", await uwsgi()]);
  const hasCgi = isThere("fcgiwrap");
  if (hasCgi) {
    const wrap = await program("fcgiwrap", "-c", "2", "-s", "unix:SOCKET");
    const script = `fastcgi_param SCRIPT_FILENAME ${file("cgi.mjs")};`;
    started.push(["fcgi-probe, CGI", "fastcgi", wrap, script]);
  } else progress("without CGI (apt-get install fcgiwrap)");
  const contenders = started.map(([name, module, server, more = ""], at) => ({
    name,
    server,
    module,
    more,
    path: `/${at}/`,
  }));
  const port = await freePort();
  const nginx = await startNginx(port, contenders);
  for (const { name, path } of contenders) {
    const url = `http://127.0.0.1:${port}${path}?a=1`;
    check(name, await (await fetch(url)).text(), url);
  }
  const cgi = hasCgi ? contenders.pop() : undefined;
  const baseline = "node-fastcgi 2.0.0, FastCGI";
  const rates = await inTurns(name, contenders, baseline, ({ path }) => wrk(port, path, 64, 1));
  if (cgi !== undefined) {
    // Apart and behind the others: what is queued for it runs on when nobody waits any more.
    const { answers, seconds } = await wrk(port, cgi.path, 2, 5);
    const both = new Map([
      [baseline, rates.get(baseline)],
      [cgi.name, answers / seconds],
    ]);
    reportAll("serve", "behind nginx, CGI with 2 connections", "requests/s", both, baseline);
    await stop(cgi.server.child);
  }
  await stop(nginx);
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

async function startNginx(port, contenders) {
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
      // For SCGI nginx sends CONTENT_LENGTH of itself.
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
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) break;
    const socket = net.connect(port, "127.0.0.1");
    const isOpen = await new Promise((resolve) => {
      socket.on("connect", () => resolve(true));
      socket.on("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return child;
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
  return { answers: Number(answers), seconds: Number(seconds) };
}

async function streamed() {
  const raw = "Node's net, plainly written";
  const started = [
    [raw, "scgi", await script("raw-stream.mjs")],
    ["fcgi-probe, FastCGI", "fcgi", await ours("fcgi", "stream.mjs")],
    ["fcgi-probe, SCGI", "scgi", await ours("scgi", "stream.mjs")],
    ["fcgi-probe, uwsgi", "uwsgi", await ours("uwsgi", "stream.mjs")],
  ];
  const rates = new Map(started.map(([name]) => [name, []]));
  for (let round = 0; round < 4; round++) {
    for (const [name, protocol, { socket }] of started) {
      const request = Buffer.from(await requestOf(protocol)).toString("base64");
      const options = JSON.stringify({ listen: socket, request, kept: false });
      const client = await startScript("client.mjs", [options]);
      const { received, seconds } = await ask(client, 0, 0);
      await stop(client);
      if (received < 2 ** 30) throw new Error(`${name} sent ${received} bytes`);
      if (round > 0) rates.get(name).push(2 ** 30 / seconds / 1e6);
    }
  }
  reportAll("serve", "1 GB streamed", "MB/s", medians(rates), raw);
  for (const [, , { child }] of started) await stop(child);
  progress("1 GB streamed");
}

function medians(values) {
  return new Map([...values].map(([name, list]) => [name, median(list)]));
}
