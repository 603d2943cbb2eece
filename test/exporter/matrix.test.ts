import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createExporter, type Exporter } from "../../src/exporter/create-exporter.js";
import type { LogRecord } from "../../src/exporter/settings.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { describeWith } from "../harness/describe-with.js";
import { answering, type Script, silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { freePort } from "../harness/ports.js";
import { seriesValue, targetOf } from "./targets.js";

/** Each character is a byte. */
const stdout = (text: string) => encodeRecord(RecordType.Stdout, 1, Buffer.from(text, "latin1"));
const answer = (body: string, type = "text/plain") =>
  Buffer.concat([stdout(`Content-Type: ${type}\r\n\r\n${body}`), encodeEndRequest(1, 0, 0)]);

/** A page whose numbers cannot be, and whose pool has a name for an attack on the exposition, and no
 * text of UTF-8. */
const lies = [
  'pool:                 l"i\\ar} \xff1',
  "process manager:      static",
  "start time:           15/Aug/2018:14:29:57 +0200",
  "start since:          60",
  "accepted conn:        99999999999999999999",
  "listen queue:         18446744073709551615",
  "max listen queue:     5",
  "listen queue len:     128",
  "idle processes:       7",
  "active processes:     4",
  "total processes:      3",
  "max active processes: 4",
  "max children reached: 0",
  "slow requests:        0",
  "",
].join("\n");

/** Sends a byte now and then: the answer never ends, and never stops. */
const dripping: Script = async (peer) => {
  await peer.receive(1);
  for (const byte of answer(lies)) {
    if (peer.socket.destroyed) return;
    peer.socket.write(Uint8Array.of(byte));
    await sleep(30);
  }
};

const GIGABYTE = 1_073_741_824;
let sent = 0;
/** Sends a gigabyte of a page, as fast as it is read. */
const huge: Script = async (peer) => {
  await peer.receive(1);
  const record = stdout("x".repeat(65_528));
  const closed = new Promise((done) => peer.socket.once("close", done));
  for (; sent < GIGABYTE && !peer.socket.destroyed; sent += record.length) {
    if (!peer.socket.write(record)) {
      await Promise.race([new Promise((done) => peer.socket.once("drain", done)), closed]);
    }
  }
};

const scripts = {
  silent,
  dripping,
  huge,
  lying: answering(answer(lies)),
  html: answering(answer("<html>Welcome to nginx!</html>", "text/html")),
  http: answering("HTTP/1.1 400 Bad Request\r\n\r\n"),
  closing: (peer) => peer.end(),
} satisfies Record<string, Script>;

const pool = (name: string, listen: "unix" | "tcp" = "unix", extra = {}) =>
  ({ name, pm: "static", maxChildren: 2, listen, extra }) as const;

describeWith(["php-fpm"], "good pools beside bad ones", () => {
  const fakes = new Map<string, Awaited<ReturnType<typeof startFakeServer>>>();
  const records: LogRecord[] = [];
  let fpm: PhpFpm;
  let restarting: PhpFpm;
  let restartingAt: string;
  let exporter: Exporter;
  const bad = new Map<string, string>();
  const address = (name: string) => fpm.pool(name).address;
  const isRoot = process.getuid?.() === 0;

  const startRestarting = () =>
    startPhpFpm({ pools: [pool("restarting", "tcp", { listen: restartingAt })] });

  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        pool("good-1"),
        pool("good-2", "tcp"),
        pool("good-3"),
        pool("renamed"),
        pool("forbidden", "unix", { "listen.mode": isRoot ? "0600" : "0000" }),
      ],
    });
    restartingAt = `127.0.0.1:${await freePort()}`;
    restarting = await startRestarting();
    for (const [name, script] of Object.entries(scripts)) {
      fakes.set(name, await startFakeServer(script, { listen: "tcp" }));
    }
    const fake = (name: string) => `${fakes.get(name)?.address}/status`;
    for (const [reason, where] of [
      ["not_found", "unix:/nowhere/dead.sock:/status"],
      ["refused", `127.0.0.1:${await freePort()}/status`],
      ["timeout", fake("silent")],
      ["timeout", fake("dripping")],
      ["too_large", fake("huge")],
      ["not_a_status_page", fake("html")],
      ["not_fastcgi", fake("http")],
      ["closed_early", fake("closing")],
      ["permission", address("forbidden")],
      ["page_not_found", `${fpm.pool("good-1").bareAddress}:/nosuch`],
    ] as const) {
      bad.set(where, reason);
    }
    const good = ["good-1", "good-2", "good-3", "renamed"].map(address);
    const addresses = [...good, ...bad.keys(), fake("lying"), `${restartingAt}/status`];
    // Other users may enter the folder, and may not open the socket.
    chmodSync(fpm.folder, 0o755);
    exporter = createExporter({
      targets: [
        ...addresses.map((each) => targetOf(each, { timeout: 500 })),
        targetOf(`tcp://${fake("silent")}`, { timeout: 60_000 }),
      ],
      cacheAge: 0,
      // So that the huge page is too large before it is late.
      maxLength: 1_048_576,
      log: (record) => records.push(record),
    });
    // What a first scrape loads and compiles takes time, which some pools have not.
    await asNobody(() => exporter.collect(1_000));
  });

  afterAll(async () => {
    exporter?.close();
    for (const fake of fakes.values()) await fake.stop();
    await fpm?.stop();
    await restarting?.stop();
  });

  /** Works as a user who is not root. */
  async function asNobody<Result>(work: () => Promise<Result>): Promise<Result> {
    if (isRoot) process.seteuid?.(65_534);
    return work().finally(() => isRoot && process.seteuid?.(0));
  }

  /** Scrapes as Prometheus does. */
  async function scrape(): Promise<string> {
    const headers = { "X-Prometheus-Scrape-Timeout-Seconds": "1.5" };
    const started = performance.now();
    const request = new Request("http://exporter/metrics", { headers });
    const bytes = await asNobody(async () => (await exporter.fetch(request)).arrayBuffer());
    expect(performance.now() - started).toBeLessThan(1_500);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  }

  const series = (metric: string, scrapeUri: string, pool = "") =>
    `${metric}{pool="${pool}",scrape_uri="${scrapeUri}"`;

  it("are there in every scrape; a bad one has up 0, its reason, and a count of failures", async () => {
    for (let scrapes = 1; scrapes <= 3; scrapes++) {
      const text = await scrape();
      for (const name of ["good-1", "good-2", "good-3", "renamed"]) {
        expect(seriesValue(text, series("phpfpm_up", address(name), name))).toBe(1);
        expect(seriesValue(text, series("phpfpm_total_processes", address(name), name))).toBe(2);
      }
      for (const [where, reason] of bad) {
        expect([where, seriesValue(text, series("phpfpm_up", where))]).toEqual([where, 0]);
        const error = series("phpfpm_scrape_error", where);
        const found = text.split("\n").filter((line) => line.startsWith(error));
        expect(found).toEqual([`${error},reason="${reason}"} 1`]);
        // The first one was before.
        expect(seriesValue(text, series("phpfpm_scrape_failures", where))).toBe(scrapes + 1);
      }
    }
  });

  it("are not sick; of the bad ones, those that are dead and those that are set up wrongly are told apart", async () => {
    const text = await scrape();
    const kinds = new Map([
      ["not_found", "dead"],
      ["refused", "dead"],
      ["permission", "misconfigured"],
      ["page_not_found", "misconfigured"],
      ["not_fastcgi", "misconfigured"],
      ["not_a_status_page", "misconfigured"],
      ["timeout", "no_answer"],
    ]);
    const wanted = [...bad].flatMap(([where, reason]) => {
      const kind = kinds.get(reason);
      return kind === undefined ? [] : [`${series("phpfpm_diagnosis", where)},kind="${kind}"} 1`];
    });
    const found = text.split("\n").filter((line) => line.startsWith("phpfpm_diagnosis{"));
    expect(found).toEqual(expect.arrayContaining(wanted));
    for (const name of ["good-1", "good-2", "good-3", "renamed"]) {
      expect(found.filter((line) => line.includes(`pool="${name}"`))).toEqual([]);
    }
  });

  it("have a silent one with a long timeout beside them: its reason is the deadline", async () => {
    const silent = `tcp://${fakes.get("silent")?.address}/status`;
    const text = await scrape();
    expect(seriesValue(text, `${series("phpfpm_scrape_error", silent)},reason="deadline"}`)).toBe(
      1,
    );
    // One read at a time: that of the first scrape is still going on.
    expect(seriesValue(text, series("phpfpm_scrape_failures", silent))).toBe(1);
  });

  it("are not harmed by one that lies: its series are well formed, and a record says it once", async () => {
    const text = await scrape();
    const where = `${fakes.get("lying")?.address}/status`;
    expect(seriesValue(text, series("phpfpm_up", where, 'l\\"i\\\\ar} \ufffd1'))).toBe(1);
    const about = records.filter(({ target, level }) => target === where && level === "warn");
    expect(about).toMatchObject([{ error: "7 idle and 4 active are not 3 in total" }]);
  });

  it("share their exporter with one of a gigabyte, of which little is read", () => {
    const scrapes = fakes.get("huge")?.accepted ?? 0;
    expect(scrapes).toBeGreaterThanOrEqual(3);
    expect(sent / scrapes).toBeLessThan(40_000_000);
  });

  it("have a renamed one among them: the new name, and no series of the old one", async () => {
    const file = join(fpm.folder, "php-fpm.conf");
    writeFileSync(file, readFileSync(file, "utf8").replace("[renamed]", "[another]"));
    await fpm.reload();
    const text = await scrape();
    const where = address("renamed");
    expect(seriesValue(text, series("phpfpm_up", where, "another"))).toBe(1);
    expect(text).not.toContain(series("phpfpm_up", where, "renamed"));
  });

  it("have a restarting one among them: down under its last name, and up again, each time", async () => {
    const where = `${restartingAt}/status`;
    const up = series("phpfpm_up", where, "restarting");
    const accepted = series("phpfpm_accepted_connections", where, "restarting");
    const error = `${series("phpfpm_scrape_error", where, "restarting")},reason="refused"} 1\n`;
    const failures = series("phpfpm_scrape_failures", where, "restarting");
    const before = seriesValue(await scrape(), failures) ?? Number.NaN;
    for (let round = 1; round <= 2; round++) {
      expect(seriesValue(await scrape(), accepted)).toBeGreaterThan(1);
      await restarting.reload();
      expect(seriesValue(await scrape(), accepted)).toBe(1);
      await restarting.stop();
      const down = await scrape();
      expect(seriesValue(down, up)).toBe(0);
      expect(seriesValue(down, failures)).toBe(before + round);
      expect(down).toContain(error);
      expect(down).not.toContain(series("phpfpm_accepted_connections", where));
      restarting = await startRestarting();
      const again = await scrape();
      expect([seriesValue(again, up), seriesValue(again, accepted)]).toEqual([1, 1]);
      expect(again).not.toContain(error);
    }
    const states = records.filter(
      ({ target, message }) => target === where && !message.includes("add up"),
    );
    expect(states.map(({ reason, message }) => reason ?? message)).toEqual([
      "the target answers",
      ...Array.from({ length: 2 }, () => ["refused", "the target answers again"]).flat(),
    ]);
  });

  it("were asked so that no worker of theirs was harmed", () => {
    expect(fpm.exitedChildren()).toEqual([]);
  });
});
