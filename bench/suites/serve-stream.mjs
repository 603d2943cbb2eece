// How fast a long answer streams, and a long body through a handler.
import { compileTransfer } from "../lib/reference.mjs";
import { progress, reportAll } from "../lib/report.mjs";
import { medians, ours, STARTS, script } from "../serve/contest.mjs";
import { runTransfer } from "../serve/load.mjs";
import { stop } from "../serve/processes.mjs";
import { requestOf, uploadOf } from "../serve/requests.mjs";

/** Rounds of each process that count: in some of them memory is copied at twice the speed. */
const COUNTED = 5;
const GIGABYTE = 2 ** 30;
/** FastCGI's chunks have a header in them. */
const LEAST = 0.999 * GIGABYTE;

const client = compileTransfer();
if (client === undefined) progress("without streams, whose client is C");
else {
  await compare("1 GB streamed", "down", "stream.mjs", "Node's net, plainly written");
  await compare("1 GB through", "through", "echo.mjs", "Node's net, a socket piped into itself");
}

async function compare(name, direction, application, raw) {
  const start = async () => [
    [raw, "raw", await script("raw-stream.mjs", direction)],
    ["fcgi-probe, FastCGI", "fcgi", await ours("fcgi", application)],
    ["fcgi-probe, SCGI", "scgi", await ours("scgi", application)],
    ["fcgi-probe, uwsgi", "uwsgi", await ours("uwsgi", application)],
  ];
  const rates = new Map();
  for (let at = 0; at < STARTS; at++) {
    const started = await start();
    for (let round = 0; round < 1 + COUNTED; round++) {
      for (const [contender, protocol, { socket }] of started) {
        const { received, seconds } = await runTransfer(client, socket, {
          ...(direction === "down" ? await short(protocol) : await uploadOf(protocol)),
          closes: direction === "through" && protocol === "raw",
        });
        if (received < LEAST) throw new Error(`${contender} sent ${received} bytes`);
        if (round === 0) continue;
        rates.set(contender, [...(rates.get(contender) ?? []), received / seconds / 1e6]);
      }
    }
    for (const [, , { child }] of started) await stop(child);
  }
  reportAll("serve", name, "MB/s", medians(rates), raw);
  progress(name);
}

/** Whoever sends plainly looks at nothing. */
async function short(protocol) {
  const head = await requestOf(protocol === "raw" ? "scgi" : protocol);
  return { head, chunk: Buffer.alloc(0), times: 0, end: Buffer.alloc(0) };
}
