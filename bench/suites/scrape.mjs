// How many status pages per second one process reads from a real pool of four workers.
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { compileScrape } from "../lib/reference.mjs";
import { median, progress, reportAll } from "../lib/report.mjs";

const IN_FLIGHT = [1, 16, 64];
/** The first round warms up and does not count. */
const ROUNDS = 1 + 5;
const ROUND_TIME = 700;

const WORKER = fileURLToPath(new URL("../scrape/worker.mjs", import.meta.url));
const REFERENCE = "C and epoll (the limit)";
const OURS = "fcgi-probe";

await withPhpFpm(
  [{ name: "www", pm: "static", maxChildren: 4, listen: "unix" }],
  async (server, { cgiFcgi }) => {
    const contenders = await startContenders(server.pool("www").bareAddress, cgiFcgi);
    try {
      for (const inFlight of IN_FLIGHT) await compareAt(inFlight, contenders);
    } finally {
      for (const { stop } of contenders) stop();
    }
    const lost = server.exitedChildren().length;
    if (lost > 0) progress(`${lost} workers died`);
  },
);

async function startContenders(socket, cgiFcgi) {
  const reference = compileScrape();
  const contenders = [await worker(OURS, "fcgi-probe", socket)];
  if (reference) contenders.push(referenceClient(reference, socket));
  contenders.push(
    await worker("node:net, nothing decoded", "node-net", socket),
    await worker("fastcgi-client 0.2.0, split and regex", "fastcgi-client", socket),
  );
  if (cgiFcgi)
    contenders.push(await worker("cgi-fcgi, a process each", "cgi-fcgi", socket, cgiFcgi));
  else progress("without cgi-fcgi (apt-get install libfcgi-bin)");
  return contenders;
}

async function worker(name, contender, ...args) {
  const child = fork(WORKER, [contender, ...args]);
  await once(child, "message");
  return {
    name,
    /** cgi-fcgi does its work in processes that are not measured. */
    hasCpu: contender !== "cgi-fcgi",
    async run(inFlight) {
      child.send({ inFlight, milliseconds: ROUND_TIME });
      const [result] = await once(child, "message");
      return result;
    },
    stop: () => child.disconnect(),
  };
}

function referenceClient(program, socket) {
  const run = promisify(execFile);
  return {
    name: REFERENCE,
    hasCpu: true,
    async run(inFlight) {
      const { stdout } = await run(program, [socket, inFlight, ROUND_TIME / 1000]);
      return JSON.parse(stdout);
    },
    stop() {},
  };
}

/** Rounds in turns, each in another order, so that a slow moment affects all. */
async function compareAt(inFlight, contenders) {
  const rates = new Map(contenders.map(({ name }) => [name, []]));
  const cpu = new Map(contenders.filter(({ hasCpu }) => hasCpu).map(({ name }) => [name, []]));
  let failures = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length];
      const result = await contender.run(inFlight);
      if (round === 0) continue;
      rates.get(contender.name).push(result.answers / result.seconds);
      cpu.get(contender.name)?.push((result.cpu / result.answers) * 1e6);
      failures += result.failures;
    }
  }
  const baseline = rates.has(REFERENCE) ? REFERENCE : OURS;
  const name = `status pages, ${inFlight} in flight`;
  reportAll("scrape", name, "pages/s", medians(rates), baseline);
  reportAll("scrape", `${name}: CPU of the client`, "µs/page", medians(cpu), baseline);
  // Sometimes php-fpm fails to lock its scoreboard, and answers 500.
  progress(`${name} (${failures} failed)`);
}

function medians(values) {
  return new Map([...values].map(([name, list]) => [name, median(list)]));
}
