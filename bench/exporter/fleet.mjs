// What /metrics of pools cannot cost less than: `fleet()` and the text, without HTTP. Arguments: the
// file with the addresses, one a line. Scrapes at each message, and answers with what it took.
import { readFileSync } from "node:fs";
import { load } from "../lib/package.mjs";

const { fleet } = await load("index.js");
const { metricsText } = await load("exporter/metrics/metrics-text.js");

const addresses = readFileSync(process.argv[2], "utf8").trim().split("\n");
const targets = new Map(
  addresses.map((address) => [
    address,
    { address, kind: "phpfpm", labels: {}, timeout: 3_000, processes: 64, source: "bench" },
  ]),
);

process.on("message", async () => {
  const began = performance.now();
  const samples = [];
  for await (const { target, value, elapsed } of fleet(addresses, { full: true })) {
    const { pool } = value;
    const time = Date.now();
    const facts = { target: targets.get(target), status: value, pool, time, elapsed, failures: 0 };
    samples.push({ kind: "phpfpm", ...facts });
  }
  let bytes = 0;
  for (const text of metricsText(samples)) bytes += Buffer.from(text).length;
  process.send({ elapsed: performance.now() - began, bytes });
});
process.on("disconnect", () => process.exit());
process.send("ready");
