// What a small request costs in a server of each protocol.
import { compileLoad, compileResponder } from "../lib/reference.mjs";
import { progress } from "../lib/report.mjs";
import { exchange, runLoad } from "../serve/load.mjs";
import { requestOf } from "../serve/requests.mjs";
import { check, fcgiProbe, hasUwsgi, inTurns, program, script, uwsgi } from "../serve/turns.mjs";

const SECONDS = 1;

const client = compileLoad();
const responder = compileResponder();

if (client === undefined) progress("without the load on servers, which is a C client's");
else {
  await directly();
  await pools();
}

async function directly() {
  const closed = [
    ["fcgi-probe, FastCGI", "fcgi", () => fcgiProbe("fcgi")],
    ["fcgi-probe, SCGI", "scgi", () => fcgiProbe("scgi")],
    ["fcgi-probe, uwsgi", "uwsgi", () => fcgiProbe("uwsgi")],
    ["node-fastcgi 2.0.0", "fcgi", () => script("node-fastcgi.mjs")],
  ];
  if (responder) closed.push(["C and libfcgi", "fcgi", () => program(responder, "SOCKET")]);
  if (hasUwsgi) closed.push(["uWSGI and Python, uwsgi", "uwsgi", uwsgi]);
  closed.push([
    "node:net, a constant answer",
    "fcgi",
    (answer) => script("node-constant.mjs", answer, "closed", "0"),
  ]);
  await load("one connection a request, 16 at once", closed, false, 16, "node-fastcgi 2.0.0");
  await load(
    "kept connections, 16 at once",
    [
      ["fcgi-probe, FastCGI", "fcgi", () => fcgiProbe("fcgi")],
      [
        "node:net, a constant answer",
        "fcgi",
        (answer) => script("node-constant.mjs", answer, "kept", "0"),
      ],
    ],
    true,
    16,
    "fcgi-probe, FastCGI",
  );
}

async function pools() {
  const bare = "node:cluster, a constant answer";
  await load(
    "SCGI, two workers, 64 at once",
    [
      ["fcgi-probe pool, shared", "scgi", () => fcgiProbe("scgi", "small-handler.mjs", "shared")],
      [
        "fcgi-probe pool, shared, 32 at once each",
        "scgi",
        () => fcgiProbe("scgi", "small-handler.mjs", "shared", "32"),
      ],
      [
        "fcgi-probe pool, delegate",
        "scgi",
        () => fcgiProbe("scgi", "small-handler.mjs", "delegate"),
      ],
      [
        "fcgi-probe pool, delegate, 32 at once each",
        "scgi",
        () => fcgiProbe("scgi", "small-handler.mjs", "delegate", "32"),
      ],
      [bare, "scgi", (answer) => script("node-constant.mjs", answer, "closed", "2")],
      [
        "node:cluster, its workers accept",
        "scgi",
        (answer) => script("node-constant.mjs", answer, "closed", "2", "none"),
      ],
    ],
    false,
    64,
    bare,
  );
}

/** Contenders in turns. */
async function load(name, contenders, kept, connections, baseline) {
  const start = () => startAll(contenders, kept);
  const run = ({ server, request }) =>
    runLoad(client, server.socket, request, { kept, connections, seconds: SECONDS });
  await inTurns(name, start, baseline, run);
}

/** The constant answer is that of the contender before. */
async function startAll(contenders, kept) {
  const started = [];
  let answer = "";
  for (const [title, protocol, start] of contenders) {
    const server = await start(answer);
    const request = await requestOf(protocol, kept);
    started.push({ name: title, server, request });
    const first = await exchange(server.socket, request, kept);
    check(title, first.toString("latin1"), "http://127.0.0.1/t/echo.php?a=1&b=%20x");
    answer = first.toString("base64");
  }
  return started;
}
