// What a page costs a whole process, its start included: the command as typed, beside others.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../lib/package.mjs";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { compileGoScrape, compileScrape } from "../lib/reference.mjs";
import { median, progress, reportAll } from "../lib/report.mjs";

const PAGES = 20_000;
const IN_FLIGHT = [16, 256];
const ROUNDS = 5;
const FLOOR = "node:net, nothing decoded";
const LIMIT = "C and epoll (the limit)";
/** The C client runs for a time, not for a number of pages. */
const LIMIT_SECONDS = 1;
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

await withPhpFpm([{ name: "www", pm: "static", maxChildren: 4, listen: "unix" }], (server) => {
  const socket = server.pool("www").bareAddress;
  const list = join(server.folder, "targets.txt");
  writeFileSync(list, `unix:${socket}:/status\n`.repeat(PAGES));
  const go = compileGoScrape();
  const c = compileScrape();
  for (const inFlight of IN_FLIGHT) {
    const programs = contenders(socket, list, inFlight, go);
    if (c !== undefined) programs.set(LIMIT, [c, socket, inFlight, LIMIT_SECONDS]);
    compareAt(inFlight, programs);
  }
  rmSync(list);
});

/** The command lines of the contenders, by their names. */
function contenders(socket, list, inFlight, go) {
  const node = (contender) => [
    process.execPath,
    file("../scrape/pages.mjs"),
    ...[contender, socket, inFlight, PAGES],
  ];
  const command = [process.execPath, join(root, "bin", "fcgi-probe.js"), "scrape", list];
  const concurrency = ["--concurrency", inFlight];
  return new Map([
    [FLOOR, node("node-net")],
    ["fcgi-probe, status() in a loop", node("fcgi-probe")],
    ["fcgi-probe, fleet()", node("fleet")],
    ["fcgi-probe scrape FILE --format ndjson", [...command, "--format", "ndjson", ...concurrency]],
    [
      "Python and epoll",
      ["python3", file("../reference/scrape-client.py"), socket, inFlight, PAGES],
    ],
    ...(go === undefined ? [] : [["Go, a goroutine each", [go, socket, inFlight, PAGES]]]),
  ]);
}

function compareAt(inFlight, programs) {
  const cpu = new Map([...programs.keys()].map((name) => [name, []]));
  const names = [...programs.keys()];
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round) % names.length];
      const cost = name === LIMIT ? limitOf(programs.get(name)) : costOf(programs.get(name));
      if (cost !== undefined) cpu.get(name).push(cost);
    }
  }
  const medians = new Map(
    [...cpu].flatMap(([name, list]) => (list.length > 0 ? [[name, median(list)]] : [])),
  );
  const name = `${PAGES.toLocaleString("en-US")} status pages, ${inFlight} in flight: CPU of the whole process`;
  reportAll("scrape", name, "µs/page", medians, FLOOR);
  progress(name);
}

/** The CPU of a program, by the shell's `time`, in microseconds a page; undefined when it fails. */
function costOf(command) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null';
  const { status, stderr } = spawnSync("bash", ["-c", script, "bash", ...command.map(String)], {
    encoding: "utf8",
  });
  const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  // php-fpm fails to lock its scoreboard now and then: the command's exit code says so.
  if (status === 0 || command.includes("scrape")) return ((user + system) / PAGES) * 1e6;
  progress(`${command[0]} failed: ${stderr.slice(0, 200)}`);
  return undefined;
}

/** What the C client says about itself, in microseconds a page. */
function limitOf([program, ...args]) {
  const { status, stdout } = spawnSync(program, args.map(String), { encoding: "utf8" });
  if (status !== 0) return undefined;
  const { cpu, answers } = JSON.parse(stdout);
  return (cpu / answers) * 1e6;
}
