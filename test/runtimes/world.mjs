// The real servers that the runtimes talk to: a php-fpm, and an nginx before it, whose answers are
// the ones to give.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { answerOf } from "./answer-of.mjs";
import { root } from "./project.mjs";

const LARGE = 20_971_520;
/** The scripts of the tests' harness, which is compiled elsewhere. */
const documentRoot = join(root, "test", "harness", "www");

/** Requests whose answers are compared. Their headers are all that clients send, but for Host. */
const REQUESTS = [
  {
    name: "a GET",
    status: 200,
    path: "/echo.php?a=b%20c&d",
    init: { headers: { accept: "*/*", cookie: "a=1; b=2", "x-own": "yes" } },
  },
  { name: "a HEAD", status: 200, path: "/echo.php", init: { method: "HEAD" } },
  {
    name: "a POST",
    status: 200,
    path: "/echo.php",
    init: {
      method: "POST",
      headers: { "content-type": "text/plain;charset=UTF-8", "content-length": "9" },
      body: "some text",
    },
  },
  {
    name: "a status, cookies and repeated headers",
    status: 404,
    path: "/headers.php?status=404",
    init: {},
  },
  { name: "a redirect", status: 301, path: "/headers.php?location=/there&status=301", init: {} },
  { name: "a script that does not exist", status: 404, path: "/none.php", init: {} },
];

const parameters = [
  "QUERY_STRING $query_string",
  "REQUEST_METHOD $request_method",
  "CONTENT_TYPE $content_type",
  "CONTENT_LENGTH $content_length",
  "SCRIPT_NAME $fastcgi_script_name",
  `SCRIPT_FILENAME ${documentRoot}$fastcgi_script_name`,
  `DOCUMENT_ROOT ${documentRoot}`,
  "REQUEST_URI $request_uri",
  "DOCUMENT_URI $document_uri",
  "SERVER_PROTOCOL $server_protocol",
  "REQUEST_SCHEME $scheme",
  "GATEWAY_INTERFACE CGI/1.1",
  "SERVER_SOFTWARE nginx/$nginx_version",
  "REMOTE_ADDR $remote_addr",
  "REMOTE_PORT $remote_port",
  "SERVER_ADDR $server_addr",
  "SERVER_PORT $server_port",
  "SERVER_NAME $server_name",
  "REDIRECT_STATUS 200",
]
  .map((parameter) => `fastcgi_param ${parameter};`)
  .join("\n");

/** Asks nginx, without the headers that fetch adds. */
function ask(url, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent: false, headers }, async (incoming) => {
      const chunks = await incoming.toArray();
      const received = new Headers();
      const { rawHeaders, statusCode } = incoming;
      for (let at = 0; at < rawHeaders.length; at += 2) {
        received.append(rawHeaders[at], rawHeaders[at + 1]);
      }
      resolve(new Response(Buffer.concat(chunks), { status: statusCode, headers: received }));
    });
    outgoing.on("error", reject).end(body);
  });
}

/** Starts both, and writes what the runtimes need to know as `world.json`. */
export async function startWorld({ startPhpFpm, startNginx, freePort }, folder) {
  const pool = (name) => ({ name, pm: "static", maxChildren: 1, listen: name });
  const fpm = await startPhpFpm({
    pools: [pool("tcp"), pool("unix")],
    ini: { post_max_size: "64M" },
  });
  try {
    const { path } = fpm.pool("unix").endpoint;
    const nginx = await startNginx(`unix:${path}`, parameters, "server_name 127.0.0.1;");
    const references = [];
    for (const { name, status, path: target, init } of REQUESTS) {
      const answer = await answerOf(await ask(nginx.url + target, init));
      if (answer.status !== status) throw new Error(`nginx answers ${name} with ${answer.status}`);
      references.push({ name, path: target, init, answer });
    }
    await nginx.stop();
    const alphabet = "abcdefghijklmnopqrstuvwxyz";
    const large = alphabet.repeat(Math.ceil(LARGE / alphabet.length)).slice(0, LARGE);
    const world = {
      endpoints: {
        tcp: fpm.pool("tcp").endpoint,
        unix: { path },
        closed: { host: "127.0.0.1", port: await freePort() },
      },
      origin: nginx.url,
      documentRoot,
      references,
      digest: createHash("sha256").update(large).digest("hex"),
    };
    writeFileSync(join(folder, "world.json"), JSON.stringify(world));
    return { socket: path, tcp: world.endpoints.tcp, stop: () => fpm.stop() };
  } catch (error) {
    await fpm.stop();
    throw error;
  }
}
