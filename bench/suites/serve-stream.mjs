// How fast a long answer streams, and a long body through a handler.
import { once } from "node:events";
import { progress, reportAll } from "../lib/report.mjs";
import { medians, ours, script } from "../serve/contest.mjs";
import { startScript, stop } from "../serve/processes.mjs";

/** Rounds that count: memory is copied at twice the speed in some of them. */
const COUNTED = 15;
const GIGABYTE = 2 ** 30;
/** FastCGI's chunks have a header in them. */
const LEAST = 0.999 * GIGABYTE;

await compare("1 GB streamed", "down", "stream.mjs", "Node's net, plainly written");
await compare("1 GB through", "through", "echo.mjs", "Node's net, a socket piped into itself");

async function compare(name, direction, application, raw) {
  const started = [
    [raw, "raw", await script("raw-stream.mjs", direction)],
    ["fcgi-probe, FastCGI", "fcgi", await ours("fcgi", application)],
    ["fcgi-probe, SCGI", "scgi", await ours("scgi", application)],
    ["fcgi-probe, uwsgi", "uwsgi", await ours("uwsgi", application)],
  ];
  const rates = new Map(started.map(([contender]) => [contender, []]));
  for (let round = 0; round < 1 + COUNTED; round++) {
    for (const [contender, protocol, { socket }] of started) {
      const client = await startScript("transfer.mjs", [socket, protocol, direction]);
      client.send("begin");
      const [{ received, seconds }] = await once(client, "message");
      await stop(client);
      if (received < LEAST) throw new Error(`${contender} sent ${received} bytes`);
      if (round > 0) rates.get(contender).push(received / seconds / 1e6);
    }
  }
  reportAll("serve", name, "MB/s", medians(rates), raw);
  for (const [, , { child }] of started) await stop(child);
  progress(name);
}
