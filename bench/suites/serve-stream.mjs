// How fast a long answer streams, and a long body through a handler.
import { compileTransfer } from "../lib/reference.mjs";
import { progress, reportAll } from "../lib/report.mjs";
import { medians, ours, STARTS, script, WARM_UP } from "../serve/contest.mjs";
import { runTransfer } from "../serve/load.mjs";
import { stop } from "../serve/processes.mjs";
import { requestOf, uploadOf } from "../serve/requests.mjs";

/** Rounds of each process that count: in some of them memory is copied at twice the speed. */
const COUNTED = 5;
const GIGABYTE = 2 ** 30;
/** A pool of one worker. */
const ONE = ["shared", "1", "1"];
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
    ["a pool of ours, FastCGI", "fcgi", await ours("fcgi", application, ...ONE)],
    ["a pool of ours, SCGI", "scgi", await ours("scgi", application, ...ONE)],
    ["a pool of ours, uwsgi", "uwsgi", await ours("uwsgi", application, ...ONE)],
  ];
  const rates = new Map();
  for (let at = 0; at < STARTS; at++) {
    const started = await start();
    const measure = async ([contender, protocol, { socket }]) => {
      const { received, seconds } = await runTransfer(client, socket, {
        ...(direction === "down" ? await short(protocol) : await uploadOf(protocol)),
        closes: direction === "through" && protocol === "raw",
      });
      if (received < LEAST) throw new Error(`${contender} sent ${received} bytes`);
      return { rate: received / seconds / 1e6, seconds };
    };
    for (const each of started) {
      for (let warm = 0; warm < WARM_UP; ) warm += (await measure(each)).seconds;
    }
    for (let round = 0; round < COUNTED; round++) {
      for (const each of started) {
        const [contender] = each;
        rates.set(contender, [...(rates.get(contender) ?? []), (await measure(each)).rate]);
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
