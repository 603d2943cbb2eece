import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { gatewayFetch } from "../../../src/client/fetch.js";
import { encodeRecord } from "../../../src/fastcgi/encode.js";
import { RecordType } from "../../../src/fastcgi/protocol.js";
import { status } from "../../../src/phpfpm/status.js";
import { seriesValue } from "../../exporter/targets.js";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../../harness/php-fpm.js";
import { until } from "../../harness/server-process.js";
import { answer, page, start } from "../fake-pool.js";
import { startExporter } from "./start-exporter.js";

const FLAG = "--phpfpm.fix-process-count";

/** Idle, active and total, as the exporter has them. */
async function countsOf(args: readonly string[], env: Record<string, string> = {}) {
  await using exporter = await startExporter(args, { env });
  const text = await exporter.get("/metrics");
  expect(text, exporter.log).toMatch(/^phpfpm_up\{.*\} 1$/m);
  return ["idle", "active", "total"].map((count) =>
    seriesValue(text, `phpfpm_${count}_processes{`),
  );
}

/** What else a page has of a process. */
const fields = {
  "start time": "15/Aug/2018:14:29:57 +0200",
  "start since": 60,
  requests: 1,
  "request duration": 300,
  "request method": "GET",
  "request URI": "/",
  "content length": 0,
  user: "-",
  script: "-",
  "last request cpu": "0.00",
  "last request memory": 0,
};

describe("a pool whose page miscounts its processes", () => {
  /** The page of a pool that says 0 idle, 4 active, 4 in total, with processes in these states. */
  const pool = (states: readonly string[]) => {
    const processes = states.map((state, index) =>
      Object.entries({ pid: index + 1, state, ...fields })
        .map(([name, value]) => `${`${name}:`.padEnd(21)} ${value}\n`)
        .join(""),
    );
    const text = [page, ...processes].join(`\n${"*".repeat(24)}\n`);
    return start(answer(`Content-Type: text/plain\r\n\r\n${text}`));
  };
  const states = ["Idle", "Idle", "Reading headers", "Finishing", "Ending", "Running"];

  it("has the page's numbers, as from the peer without the flag", async () => {
    expect(await countsOf([await pool(states)])).toEqual([0, 4, 4]);
  });

  it.each([
    ["the flag", [FLAG], {}],
    ["its variable", [], { PHP_FPM_FIX_PROCESS_COUNT: "1" }],
  ])("has those of its processes with %s: only those that wait are idle", async (_, args, env) => {
    // php-fpm_exporter counts two idle and one active: it leaves the other three out.
    expect(await countsOf([...args, await pool(states)], env)).toEqual([2, 4, 6]);
  });
});

describeWith(["php-fpm"], `${FLAG} of a real pool`, () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 5, listen: "unix" }],
    });
  });
  afterAll(() => fpm.stop());

  it("counts a worker that reads headers, one that runs and the one that answers as active", async () => {
    const { address, endpoint } = fpm.pool("www");
    const client = connect(endpoint);
    onTestFinished(() => void client.destroy());
    client.on("error", () => {});
    // Half a request: the worker waits for the rest.
    client.write(
      encodeRecord(RecordType.BeginRequest, 1, new Uint8Array([0, 1, 0, 0, 0, 0, 0, 0])),
    );
    const request = new Request("http://localhost/sleep.php?ms=20000");
    const running = new AbortController();
    const sleeping = gatewayFetch(address, request, {
      scriptFilename: phpScript("sleep.php"),
      signal: running.signal,
    }).catch(() => {});
    await until(
      async () => {
        const { processes = [] } = await status(address, { full: true });
        return processes.filter(({ state }) => state !== "Idle").length === 3;
      },
      () => "the workers are not busy",
    );
    expect(await countsOf([FLAG, address])).toEqual([2, 3, 5]);
    running.abort();
    await sleeping;
  });
});
