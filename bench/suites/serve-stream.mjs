// How fast a long answer streams.
import { once } from "node:events";
import { progress, reportAll } from "../lib/report.mjs";
import { medians, ours, script } from "../serve/contest.mjs";
import { startScript, stop } from "../serve/processes.mjs";
import { requestOf } from "../serve/requests.mjs";

/** Rounds that count: memory is copied at twice the speed in some of them. */
const COUNTED = 15;

await streamed();

async function streamed() {
  const raw = "Node's net, plainly written";
  const started = [
    [raw, "scgi", await script("raw-stream.mjs")],
    ["fcgi-probe, FastCGI", "fcgi", await ours("fcgi", "stream.mjs")],
    ["fcgi-probe, SCGI", "scgi", await ours("scgi", "stream.mjs")],
    ["fcgi-probe, uwsgi", "uwsgi", await ours("uwsgi", "stream.mjs")],
  ];
  const rates = new Map(started.map(([name]) => [name, []]));
  for (let round = 0; round < 1 + COUNTED; round++) {
    for (const [name, protocol, { socket }] of started) {
      const request = Buffer.from(await requestOf(protocol)).toString("base64");
      const reader = await startScript("reader.mjs", [socket, request]);
      reader.send("read");
      const [{ received, seconds }] = await once(reader, "message");
      await stop(reader);
      if (received < 2 ** 30) throw new Error(`${name} sent ${received} bytes`);
      if (round > 0) rates.get(name).push(2 ** 30 / seconds / 1e6);
    }
  }
  reportAll("serve", "1 GB streamed", "MB/s", medians(rates), raw);
  for (const [, , { child }] of started) await stop(child);
  progress("1 GB streamed");
}
