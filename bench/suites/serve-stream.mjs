// How fast a long answer streams, and a long body through a handler.
import { compileTransfer } from "../lib/reference.mjs";
import { progress } from "../lib/report.mjs";
import { runTransfer } from "../serve/load.mjs";
import { requestOf, uploadOf } from "../serve/requests.mjs";
import { fcgiProbe, inTurns, script } from "../serve/turns.mjs";

/** Five rounds of each process, because some processes copy memory at twice the speed. */
const STREAMS = { rate: "MB/s", cost: "µs/MB", rounds: 5 };
const GIGABYTE = 2 ** 30;
/** A pool of one worker. */
const ONE = ["shared", "1", "1"];
/** A chunk of FastCGI contains a header. */
const LEAST = 0.999 * GIGABYTE;

const client = compileTransfer();
if (client === undefined) progress("without streams, whose client is C");
else {
  await compare("1 GB streamed", "down", "stream-handler.mjs", "node:net, written to a socket");
  await compare(
    "1 GB in and out",
    "through",
    "echo-handler.mjs",
    "node:net, a socket piped into itself",
  );
}

async function compare(name, direction, application, raw) {
  const contender = async (name, protocol, server) => {
    const request = await (direction === "down" ? short(protocol) : uploadOf(protocol));
    return { name, server, request: { ...request, closes: protocol === "raw" } };
  };
  const start = async () => [
    await contender(raw, "raw", await script("node-stream.mjs", direction)),
    await contender(
      "fcgi-probe pool, FastCGI",
      "fcgi",
      await fcgiProbe("fcgi", application, ...ONE),
    ),
    await contender("fcgi-probe pool, SCGI", "scgi", await fcgiProbe("scgi", application, ...ONE)),
    await contender(
      "fcgi-probe pool, uwsgi",
      "uwsgi",
      await fcgiProbe("uwsgi", application, ...ONE),
    ),
  ];
  const run = async ({ name, server, request }) => {
    const { received, seconds } = await runTransfer(client, server.socket, request);
    if (received < LEAST) throw new Error(`${name} sent ${received} bytes`);
    return { amount: received / 1e6, seconds };
  };
  await inTurns(name, start, raw, run, STREAMS);
}

/** A contender without a protocol examines nothing. */
async function short(protocol) {
  const head = await requestOf(protocol === "raw" ? "scgi" : protocol);
  return { head, chunk: Buffer.alloc(0), times: 0, end: Buffer.alloc(0) };
}
