import { describe, expect, it } from "vitest";
import { runWorkers, type WorkersOptions } from "../../src/cli/commands/apache/workers.js";
import { FakeTable, processOf } from "../apache/fake-processes.js";
import { captured, childOf, daemonOf, processesOf, servePages } from "./apache-world.js";
import { runHere, runIn, type World } from "./cli.js";

const pages = captured("prefork-idle");
/** The page's workers 5029044, 5029045 and 5029047, a daemon of mod_wsgi, and an unknown child. */
const table = () => {
  const processes = processesOf(pages.html, (index) => 10_485_760 * (index + 1));
  for (const process of [
    daemonOf(5_029_100, "app", 52_428_800),
    childOf(5_029_101, { threads: 3 }),
  ]) {
    processes.processes.set(process.pid, process);
  }
  return processes;
};

const show = async (options: WorkersOptions = {}, world: World = {}, url?: string) => {
  const where = url ?? (await servePages(pages));
  return runIn((io) => runWorkers(where, options, io, table()), world);
};
const pidsOf = (stdout: string) => [...stdout.matchAll(/^\s*(\d{7}) /gm)].map(([, pid]) => pid);

describe("fcgi-probe apache workers", () => {
  it("lists workers with what they do, and what their processes use", async () => {
    const { code, stdout, stderr } = await show();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "    PID  STATE             AGE  TOOK     CPU  MEMORY  REQUESTS  CLIENT     VHOST           REQUEST",
      "5029044  waiting           19s  0 ms  0.02 s  10.0 M        77  127.0.0.1  localhost:8101  GET /server-status?auto HTTP/1.1",
      "5029045  waiting            0s  0 ms  0.03 s  20.0 M       102  127.0.0.1  localhost:8101  GET /server-status?auto HTTP/1.1",
      "5029047  replying           0s  0 ms  0.01 s  30.0 M         2  127.0.0.1  localhost:8101  GET /server-status HTTP/1.1",
      "5029100  wsgi app            -     -       -  50.0 M         -  -          -               -",
      "5029101  helper or unused    -     -       -   3.8 M         -  -          -               -",
      "",
      "5 workers, 0 active; 5 processes: 113.8 M, at most 50.0 M each",
      "",
    ]);
  });

  it.each([
    ["memory", ["5029100", "5029047", "5029045", "5029044", "5029101"]],
    ["cpu", ["5029045", "5029044", "5029047", "5029100", "5029101"]],
    ["requests", ["5029045", "5029044", "5029047", "5029100", "5029101"]],
  ] as const)("sorts by %s", async (sort, pids) => {
    expect(pidsOf((await show({ sort })).stdout)).toEqual(pids);
  });

  it("fits the terminal, and keeps the request", async () => {
    const { stdout } = await show({}, { columns: 80, env: { NO_COLOR: "1" } });
    const lines = stdout.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[1]).toMatch(/ GET \/server-status\?auto/);
  });

  it("cuts nothing with --full, and has every column", async () => {
    const { stdout } = await show({ full: true }, { columns: 40, env: { NO_COLOR: "1" } });
    const [title] = stdout.split("\n");
    for (const column of ["PSS", "THREADS", "CHILD", "GENERATION", "IN SLOT", "SENT", "PROTOCOL"]) {
      expect(title).toContain(column);
    }
    expect(stdout).not.toContain("…");
  });

  it("S1.51 lists only hanging workers with --hanging", async () => {
    const none = await show({ hanging: true });
    expect(none.stdout).toBe("no workers\n");
    const url = await servePages(captured("prefork-loaded"));
    const some = await show({ hanging: true, hangingAfter: 1, format: "json" }, {}, url);
    const workers = JSON.parse(some.stdout) as { hanging: boolean; mode: string }[];
    expect(workers.length).toBeGreaterThan(0);
    expect(workers.every(({ hanging, mode }) => hanging && mode !== "K")).toBe(true);
  });

  it("writes JSON", async () => {
    const { stdout } = await show({ format: "json" });
    const workers = JSON.parse(stdout) as { pid: number }[];
    expect(workers.find(({ pid }) => pid === 5_029_101)).toMatchObject({
      kind: "helper",
      activity: "unknown",
      hanging: false,
    });
    // Our own request for the page does not count.
    expect(workers.find(({ pid }) => pid === 5_029_047)).toMatchObject({
      kind: "native",
      activity: "idle",
      mode: "W",
      memory: 31_457_280,
      hanging: false,
      request: "GET /server-status HTTP/1.1",
    });
  });

  it("escapes control characters of a request", async () => {
    const html = Buffer.from(pages.html)
      .toString()
      .replace("GET /server-status H", "GET /\x1b[2J H");
    const { stdout } = await show({}, {}, await servePages({ html }));
    expect(stdout).toContain("GET /\\x1b[2J HTTP/1.1");
    expect(stdout).not.toContain("\x1b");
  });

  it("says that memory is unknown if no process can be seen", async () => {
    const url = await servePages(pages);
    const { code, stdout, stderr } = await runIn((io) =>
      runWorkers(url, {}, io, new FakeTable([])),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^5029047 .* {2}- /m);
    expect(stderr).toContain("the memory of these processes is unknown: this user may not see ");
  });

  it("S1.50 says why the page lists no workers", async () => {
    const url = await servePages(captured("extoff-idle"));
    const { code, stderr } = await runHere(["apache", "workers", url]);
    expect(code).toBe(2);
    expect(stderr).toContain("hint: httpd lists workers only with ExtendedStatus On");
  });

  it("finds the httpd by a given master", async () => {
    const url = await servePages(pages);
    const other = table();
    other.processes.set(5_000_500, processOf(5_000_500, { parentPid: 1 }));
    other.processes.set(5_000_501, processOf(5_000_501, { parentPid: 5_000_500, rss: 1024 }));
    const show = (master: string) => runIn((io) => runWorkers(url, { master }, io, other));
    expect((await show("5000100")).stdout).toMatch(/^5029047 .* 30\.0 M /m);
    const { stdout, stderr } = await show("5000500");
    expect(stdout).toMatch(/^5029047 .* {2}- /m);
    expect(stdout).not.toContain("5000501");
    expect(stderr).toContain("is unknown: the page names processes that are not children of");
  });

  it("refuses a master that is not an httpd", async () => {
    const { code, stderr } = await runHere([
      "apache",
      "workers",
      "--master",
      "nobody",
      "http://x/",
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('"nobody" is neither a pid nor a file with one');
  });
});
