// What a page costs a whole process, its start included: the command as typed, beside others.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../lib/package.mjs";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { compileGoScrape } from "../lib/reference.mjs";
import { median, progress, reportAll } from "../lib/report.mjs";

const PAGES = 20_000;
const IN_FLIGHT = [16, 256];
const ROUNDS = 5;
const FLOOR = "node:net, nothing decoded";
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

await withPhpFpm([{ name: "www", pm: "static", maxChildren: 4, listen: "unix" }], (server) => {
  const socket = server.pool("www").bareAddress;
  const list = join(server.folder, "targets.txt");
  writeFileSync(list, `unix:${socket}:/status\n`.repeat(PAGES));
  const go = compileGoScrape();
  for (const inFlight of IN_FLIGHT) compareAt(inFlight, contenders(socket, list, inFlight, go));
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
      const seconds = cpuOf(programs.get(name));
      if (seconds !== undefined) cpu.get(name).push((seconds / PAGES) * 1e6);
    }
  }
  const medians = new Map(
    [...cpu].flatMap(([name, list]) => (list.length > 0 ? [[name, median(list)]] : [])),
  );
  const name = `${PAGES.toLocaleString("en-US")} status pages, ${inFlight} in flight: CPU of the whole process`;
  reportAll("scrape", name, "µs/page", medians, FLOOR);
  progress(name);
}

/** The seconds of CPU of a program, by the shell's `time`; undefined when it fails. */
function cpuOf(command) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null';
  const { status, stderr } = spawnSync("bash", ["-c", script, "bash", ...command.map(String)], {
    encoding: "utf8",
  });
  const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  if (status === 0) return user + system;
  // php-fpm fails to lock its scoreboard now and then: the command's exit code says so.
  if (command.includes("scrape")) return user + system;
  progress(`${command[0]} failed: ${stderr.slice(0, 200)}`);
  return undefined;
}
