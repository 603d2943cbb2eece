import { describe, expect, it } from "vitest";
import { frameLines } from "../../../src/cli/top/frame.js";
import { listLines, rate, summaryLine } from "../../../src/cli/top/list-view.js";
import { poolLines } from "../../../src/cli/top/pool-view.js";
import { ErrorCode } from "../../../src/errors.js";
import { styleFor } from "../../../src/terminal/style.js";
import { textWidth } from "../../../src/terminal/text.js";
import { countBySickness, listTargets } from "../../../src/top/listing.js";
import type { LiveTarget } from "../../../src/top/live-target.js";
import { failedTarget, idle, pageOf, running, targetOf } from "../../top/targets.js";

const plain = styleFor(false, {});
const coloured = styleFor(true, {});
const NOW = 1_000;
const checkout = "/srv/shop/src/Controller/CheckoutController.php";

const busy = targetOf("shop", {
  processManager: "static",
  idleProcesses: 0,
  activeProcesses: 4,
  totalProcesses: 4,
  acceptedConn: 10,
  listenQueue: 7,
  processes: [
    running(checkout, "/buy?id=1", 41_000_000),
    running("/srv/shop/index.php", "/", 900_000),
    running(checkout, "/buy?id=2", 3_000_000),
    running("-", "/status?full", 100),
    idle(3),
  ],
});
busy.take(pageOf({ ...busy.pool?.status, acceptedConn: 31 }), NOW);

const modelOf = (targets: readonly LiveTarget[], filter = "") => {
  const options = { filter, sort: "sick", now: NOW } as const;
  return { listed: listTargets(targets, options), ...options };
};
const some = [targetOf("blog"), busy, failedTarget("gone")];

describe("the list of targets", () => {
  it("has a line for each, the marker at the selected one, and the error of one that failed", () => {
    const viewport = { offset: 0, selected: 1 };
    expect(listLines(modelOf(some), plain, { viewport })).toEqual([
      "  POOL  STATE        ACTIVE  QUEUE  REQ/S  SLOW/S  MAXED/S  UPTIME  TARGET",
      "  -     unreachable: connection refused                             unix:/run/gone.sock",
      "> shop  queue           4/4      7   20.0       -        -       -  unix:/run/shop.sock",
      "  blog  ok              1/-      -      -       -        -       -  unix:/run/blog.sock",
    ]);
  });

  it("says how many there are of each kind, and what the filter shows", () => {
    const counts = countBySickness(some, NOW);
    expect(summaryLine(modelOf(some), counts, plain)).toBe(
      "3 targets: 1 unreachable, 1 with a queue, 1 fine",
    );
    expect(summaryLine(modelOf(some, "shop"), counts, plain)).toMatch(/; 1 with "shop"$/);
    expect(summaryLine(modelOf([]), new Map(), plain)).toBe("no target");
  });

  it("lays out only the targets in sight", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => targetOf(`p${index}`));
    const viewport = { offset: 1_000, selected: 1_000 };
    expect(listLines(modelOf(many), plain, { viewport, height: 10 })).toHaveLength(11);
  });

  it("escapes control characters of a page", () => {
    const hostile = targetOf("www\x1b[2J\n");
    expect(listLines(modelOf([hostile]), plain, {}).join("")).not.toMatch(/\p{Cc}/u);
  });

  it.each([
    [undefined, "-"],
    [0, "0"],
    [0.25, "0.25"],
    [12.34, "12.3"],
    [755.4, "755"],
  ])("shows a rate of %s as %s", (value, text) => {
    expect(rate(value)).toBe(text);
  });
});

describe("a pool", () => {
  const options = { sort: "duration", onlyRunning: false, now: NOW, width: undefined } as const;

  it("says first what its running requests have in common", () => {
    const lines = poolLines(busy, plain, options);
    expect(lines.slice(0, 6)).toEqual([
      "queue: 7 clients wait, and 4 are busy",
      "static   4 active, 0 idle   peak -   queue 7   20.0 requests/s   slow -/s   max children -/s",
      `by script  2 of 3 in ${checkout}, oldest 41.0 s`,
      "           1 of 3 in /srv/shop/index.php, oldest 900.0 ms",
      "by URI     2 of 3 at /buy, oldest 41.0 s",
      "           1 of 3 at /, oldest 900.0 ms",
    ]);
  });

  it("lists the longest request first, without the one for the page", () => {
    const lines = poolLines(busy, plain, options);
    const rows = lines.slice(lines.findIndex((line) => line.includes("PID")) + 1);
    expect(rows.map((line) => line.trim().split(/ {2,}/)[3])).toEqual([
      ...["41.0 s", "3.0 s", "900.0 ms", "900 µs"],
    ]);
  });

  it("lists only running requests if asked to, and sorts by another column", () => {
    const shown = poolLines(busy, plain, { ...options, onlyRunning: true }).join("\n");
    expect(shown).not.toContain("Idle");
    const sorted = poolLines(busy, plain, { ...options, sort: "memory" });
    expect(sorted[sorted.findIndex((line) => line.includes("PID")) + 1]).toContain("Idle");
  });

  it("keeps the columns of running requests when those that are empty for them do not fit", () => {
    const narrow = poolLines(busy, plain, { ...options, width: 80 });
    const title = narrow.find((line) => line.includes("PID")) ?? "";
    expect(title).toMatch(/STATE +REQUESTS +DURATION +METHOD +URI +SCRIPT$/);
    const wide = poolLines(busy, plain, { ...options, width: 200 });
    expect(wide.find((line) => line.includes("PID"))).toMatch(/CPU +MEMORY$/);
  });

  it("cuts nothing without a width", () => {
    expect(poolLines(busy, plain, options).join("\n")).toMatch(
      /GET +\/buy\?id=1 +- +\/srv\/shop\/src\/Controller\/CheckoutController\.php/,
    );
  });

  it("that failed shows the error, the hint, and its last page", () => {
    const target = targetOf("www");
    target.fail(failedTarget("x").error as never);
    expect(poolLines(target, plain, options).slice(0, 3)).toEqual([
      "unreachable: connection refused",
      expect.stringMatching(/^hint: nothing listens here/),
      "The last page that came says:",
    ]);
  });
});

describe("the problems of a pool in a narrow terminal", () => {
  it("are wrapped, and nothing of them is cut", () => {
    const target = failedTarget("gone", ErrorCode.ClosedWithoutAnswer);
    const view = { ...({ sort: "duration", onlyRunning: false, now: NOW } as const), width: 40 };
    const crashes = ["SIGSEGV has ended 3 workers in the last hour, the last time at noon"];
    const lines = poolLines(target, plain, { ...view, crashes });
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(40);
    expect(lines.join(" ")).toBe(
      `unreachable: connection refused hint: ${target.error?.hint} ${crashes[0]}`,
    );
  });
});

describe("the lines of a screen", () => {
  it.each([
    [40, 10],
    [80, 24],
    [120, 40],
  ])("at %dx%d are as many as it has, and none is too long", (columns, rows) => {
    const many = Array.from({ length: 50 }, (_, index) => targetOf(`a-long-name-of-pool-${index}`));
    const size = { columns, rows };
    const style = plain;
    const list = listLines(modelOf(many), style, { height: rows - 3, width: columns });
    const pool = poolLines(busy, style, {
      ...{ sort: "duration", onlyRunning: false, now: NOW },
      width: columns,
    });
    for (const body of [list, pool]) {
      const frame = frameLines({ head: ["x".repeat(200)], body, foot: "y".repeat(200) }, size);
      expect(frame).toHaveLength(rows);
      expect(Math.max(...frame.map(textWidth))).toBeLessThanOrEqual(columns);
      expect(frame.at(-1)).toBe("y".repeat(columns));
    }
  });

  it("have colours only where the style has some", () => {
    expect(listLines(modelOf(some), coloured, {}).join("")).toContain("\x1b[31m");
    expect(listLines(modelOf(some), plain, {}).join("")).not.toContain("\x1b");
  });
});
