import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseServerStatus } from "../../src/apache/page/text-page.js";
import { legendLines, mapLines } from "../../src/cli/reports/apache/scoreboard-map.js";
import { serverReport } from "../../src/cli/reports/apache/server-report.js";
import { styleFor } from "../../src/terminal/style.js";
import { fixture, pageOf } from "../apache/fixtures.js";
import { freePort } from "../harness/ports.js";
import { captured, servePages } from "./apache-world.js";
import { runHere } from "./cli.js";

const plain = styleFor(false, {});
const coloured = styleFor(true, {});
const scoreboardOf = (letters: string) => {
  const { scoreboard } = parseServerStatus(
    pageOf("BusyWorkers: 1", "IdleWorkers: 2", `Scoreboard: ${letters}`),
  );
  if (scoreboard === undefined) throw new Error("the page has a scoreboard");
  return scoreboard;
};
const longest = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length));

describe("the map of slots", () => {
  it("is one line if it fits", () => {
    expect(mapLines(scoreboardOf("_W_.K"), plain, 80)).toEqual(["_W_.K"]);
  });

  it("is wrapped to the terminal, with the number of the first slot of each line", () => {
    expect(mapLines(scoreboardOf(`${"W_".repeat(12)}`), plain, 23)).toEqual([
      " 0 W_W_W_W_W_W_W_W_W_W_",
      "20 W_W_",
    ]);
  });

  it.each([1, 2, 5, 11, 12, 40, 79])("is never wider than a terminal of %d columns", (width) => {
    const letters = "_W".repeat(100);
    const lines = mapLines(scoreboardOf(letters), plain, width);
    expect(longest(lines)).toBeLessThanOrEqual(Math.max(width, 5));
    expect(lines.map((line) => line.replace(/^ *\d+ /, "")).join("")).toBe(letters);
  });

  it("draws many lines of one letter once, and says how many slots it left out", () => {
    const lines = mapLines(scoreboardOf(`W${".".repeat(104)}`), plain, 24);
    expect(lines).toEqual([
      "  0 W...................",
      " 20 ....................",
      "    … 60 more like these",
      "100 .....",
    ]);
  });

  it("colours slots by what they do, run by run", () => {
    expect(mapLines(scoreboardOf("__WWK.G"), coloured, 80)).toEqual([
      "\x1b[32m__\x1b[39m\x1b[33mWW\x1b[39m\x1b[36mK\x1b[39m\x1b[2m.\x1b[22m\x1b[35mG\x1b[39m",
    ]);
  });

  it("escapes control characters of a page", () => {
    expect(mapLines(scoreboardOf("W\x1b[2J_"), plain, 80)).toEqual(["W?[2J_"]);
  });
});

describe("the legend of the map", () => {
  it("names the letters that are there, with their counts", () => {
    expect(legendLines(scoreboardOf("__W.KKG"), plain, 80)).toEqual([
      "_ 2 waiting   W 1 replying   K 2 keep-alive   G 1 finishing   . 1 open",
    ]);
  });

  it("is wrapped too, and counts letters without a name", () => {
    expect(legendLines(scoreboardOf("__W.ZZ"), plain, 26)).toEqual([
      "_ 2 waiting   W 1 replying",
      ". 1 open",
      "2 of unknown letters",
    ]);
  });
});

describe("the report of a server", () => {
  const report = (name: string, width?: number) =>
    serverReport("http://x/", parseServerStatus(fixture(`${name}--auto.txt`)), plain, width);

  it("shows its numbers and the map of its slots", () => {
    expect(report("prefork-loaded", 80)).toEqual([
      "http://x/",
      "Apache/2.4.71 (Debian) mod_wsgi/4.9.4 Python/3.11, prefork, up 6m 25s",
      "",
      "workers   [########################] 10/10 busy   0 idle   20 slots",
      "requests  597   1.55/s   545 B each   30.6 ms each",
      "traffic   318.0 K   846 B/s",
      "cpu       0.0286%   user 0.08 s   system 0.03 s   load 0.42 0.84 0.65",
      "",
      "WWCRRRKKKC..........",
      "",
      "R 3 reading   W 2 replying   K 3 keep-alive   C 2 closing   . 10 open",
    ]);
  });

  it("shows processes and connections of the event MPM", () => {
    const text = report("event-graceful-s00").join("\n");
    expect(text).toContain("\nprocesses    4   2 stopping\n");
    expect(text).toContain("\nconnections  6   0 waiting for I/O   0 writing");
  });

  it("lists the workers of balancers, and the cache of TLS sessions", () => {
    const lines = report("extras-idle", 100);
    expect(lines).toContain(
      "BALANCER          WORKER                  STATUS        BUSY  ELECTED   SENT  RECEIVED",
    );
    expect(lines).toContain(
      "balancer://pool1  fcgi://127.0.0.1:9101   Init Ok          0        5  4.0 K     8.0 K",
    );
    expect(lines).toContain("TLS sessions  10 cached   0% of the cache   0 hits   0 misses");
  });

  it("leaves out what the page lacks", () => {
    expect(report("extoff-idle").join("\n")).not.toMatch(/requests|traffic|undefined|NaN/);
  });

  it.each([20, 40, 60, 80, 120])("fits a terminal of %d columns", (width) => {
    for (const name of ["prefork-loaded", "event-graceful-s00", "s4096-loaded"]) {
      const lines = report(name, width);
      const tooWide = lines.filter((line) => line.length > Math.max(width, 38));
      expect(tooWide).toEqual([]);
    }
  });

  it("says when every slot is busy", () => {
    const status = parseServerStatus(
      pageOf("BusyWorkers: 4", "IdleWorkers: 0", "Scoreboard: WWKW"),
    );
    expect(serverReport("x", status, plain).join("\n")).toContain(
      "saturated: every worker is busy (4 of 4 slots)",
    );
  });
});

describe("fcgi-probe apache status", () => {
  it("passes the text page on as it is", async () => {
    const { auto, html } = captured("event-idle");
    const url = await servePages({ auto, html });
    const { code, stdout, stderr } = await runHere(["apache", "status", "--format", "text", url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(Buffer.from(auto).toString());
  });

  it("takes the URL of either page", async () => {
    const asked: string[] = [];
    const url = await servePages({
      ...captured("event-idle"),
      onRequest: (path) => asked.push(path),
    });
    await runHere(["apache", "status", `${url}?auto`]);
    await runHere(["apache", "status", url]);
    expect(asked).toEqual(["/server-status?auto", "/server-status?auto"]);
  });

  it("shows the report on a terminal, in colours, and without them with NO_COLOR", async () => {
    const url = await servePages(captured("prefork-loaded"));
    const args = ["apache", "status", url];
    const there = await runHere(args, { columns: 80 });
    expect(there.stdout).toContain("\x1b[33mWW\x1b[39m\x1b[36mC\x1b[39m");
    const without = await runHere(args, { columns: 80, env: { NO_COLOR: "1" } });
    expect(without.stdout).toContain("\nWWCRRRKKKC..........\n");
    expect(without.stdout).not.toContain("\x1b");
  });

  it("writes everything as JSON", async () => {
    const url = await servePages(captured("prefork-loaded"));
    const { stdout } = await runHere(["apache", "status", "--json", url]);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        target: url,
        ok: true,
        serverMpm: "prefork",
        busyWorkers: 10,
        totalTraffic: 325_632,
        scoreboard: { letters: "WWCRRRKKKC..........", slots: 20, keepAlive: 3 },
      },
    ]);
  });

  it("writes metrics with the names of apache_exporter", async () => {
    const url = await servePages(captured("prefork-loaded"));
    const { stdout } = await runHere(["apache", "status", "--format", "prometheus", url]);
    expect(stdout).toContain("\napache_accesses_total 597\n");
    expect(stdout).toContain('\napache_scoreboard{state="reply"} 2\n');
  });

  it("reads several servers, and exits with the worst", async () => {
    const one = await servePages(captured("prefork-idle"));
    const gone = one.replace("/server-status", "/nothing");
    const { code, stdout, stderr } = await runHere(["apache", "status", one, gone]);
    expect(code).toBe(2);
    expect(stdout).toContain(`${one}\n`);
    expect(stderr).toContain("got 404 instead");
    expect(stderr).toContain("hint: enable mod_status");
  });

  it("shows no password", async () => {
    const url = await servePages(captured("prefork-idle"));
    const secret = url.replace("//", "//user:secret@");
    for (const format of ["table", "json", "prometheus"]) {
      const both = ["apache", "status", "--format", format, secret, secret];
      const { code, stdout, stderr } = await runHere(both);
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain("secret");
    }
  });

  it("shows no password if the page is not a status page", async () => {
    const url = await servePages({ auto: new TextEncoder().encode("hello\n") });
    const secret = url.replace("//", "//user:secret@");
    const { code, stderr } = await runHere(["apache", "status", "--format", "text", secret]);
    expect(code).toBe(2);
    expect(stderr).toContain("hello");
    expect(stderr).not.toContain("secret");
  });

  it("exits with 1 if nothing listens", async () => {
    const url = `http://127.0.0.1:${await freePort()}/server-status`;
    const { code, stderr } = await runHere(["apache", "status", url]);
    expect(code).toBe(1);
    expect(stderr).toContain("hint: is httpd running, and is this where it listens?");
  });

  it("exits with 2 for a malformed URL", async () => {
    const { code, stderr } = await runHere(["apache", "status", "127.0.0.1"]);
    expect(code).toBe(2);
    expect(stderr).toContain("hint: write it as http://127.0.0.1/server-status");
  });

  it("says what to do if something else answers", async () => {
    const url = await servePages({ auto: fixture("event-idle--html.html") });
    const { code, stdout, stderr } = await runHere(["apache", "status", url]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("the status page in HTML, not the text page");
  });

  it("ends at its timeout", async () => {
    const url = await servePages({ silent: true });
    const { code, stderr } = await runHere(["apache", "status", "--timeout", "50ms", url]);
    expect(code).toBe(2);
    expect(stderr).toContain("There was no answer within 50 ms.");
  });
});

describe("fcgi-probe apache status without a URL", () => {
  it("requests the page from the httpd of the configuration", async () => {
    const url = new URL(await servePages(captured("prefork-idle")));
    const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
    try {
      const file = join(folder, "httpd.conf");
      writeFileSync(file, `Listen 127.0.0.1:${url.port}\n`);
      const { code, stdout } = await runHere([
        "apache",
        "status",
        "--format",
        "text",
        "--config",
        file,
      ]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^127\.0\.0\.1\nServerVersion: Apache/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("S1.10 says what to give if no configuration is found", async () => {
    const { code, stderr } = await runHere(["apache", "status", "--config", "/nowhere/httpd.conf"]);
    expect(code).toBe(2);
    expect(stderr).toContain("The configuration file /nowhere/httpd.conf is missing.");
    expect(stderr).toContain("hint: give the URL of the status page, or the configuration file");
  });
});

describe("fcgi-probe apache status --watch", () => {
  it("opens the alternate screen, and leaves it", async () => {
    let asked = 0;
    const stop = new AbortController();
    const onRequest = () => {
      asked++;
      if (asked === 3) stop.abort();
    };
    const url = await servePages({ ...captured("prefork-idle"), onRequest });
    const args = ["apache", "status", "--watch", "10ms", url];
    const { code, stdout } = await runHere(args, { columns: 80, stop });
    expect(code).toBe(130);
    expect(stdout.startsWith("\x1b[?1049h")).toBe(true);
    expect(stdout.endsWith("\x1b[?1049l")).toBe(true);
  });
});
