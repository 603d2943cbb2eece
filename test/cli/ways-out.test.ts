import { execFileSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeMajor } from "../../src/transport/node-internals.js";
import { type FakeServer, silent, startFakeServer } from "../harness/fake-server.js";
import { makeFolder } from "../harness/server-process.js";
import { type Outcome, spawnCommand } from "./cli.js";

const folder = makeFolder();
let server: FakeServer;
beforeAll(async () => {
  server = await startFakeServer(silent, { listen: "tcp" });
});
afterAll(() => server.stop());

/** Runs a line of the shell in which `$0` is the command. */
const shell = (line: string, args: readonly string[] = []): Promise<Outcome> =>
  spawnCommand(args, { shell: line });

/** A stack trace or a line of source code, which a user must not see. */
const trace = /^\s+at |node:internal|\.[jt]s:\d|^\w*Error:/m;

const commands: readonly string[][] = [
  ["status", "127.0.0.1:1"],
  ["ping", "127.0.0.1:1"],
  ["values", "127.0.0.1:1"],
  ["request", "127.0.0.1:1/x"],
  ["scrape", "127.0.0.1:1"],
  ["decode", "/nowhere"],
  ["bridge", "127.0.0.1:1/x", "--timeout", "100ms"],
  ["serve", "--help"],
  ["apache", "status", "http://127.0.0.1:9/"],
  ["apache", "workers", "http://127.0.0.1:9/"],
  ["apache", "metrics", "http://127.0.0.1:9/"],
];

describe("a full disk", () => {
  it.each([["--version"], ["--help"], ["status", "--help"], ["scrape", "127.0.0.1:1"]])(
    "under %s %s is one line and exit 2",
    async (...args) => {
      const { code, stderr } = await shell('node "$0" "$@" >/dev/full', args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^fcgi-probe: could not write: ENOSPC.*$/m);
      expect(stderr).not.toMatch(trace);
    },
  );

  it("under standard error changes nothing", async () => {
    const { code } = await shell('node "$0" "$@" 2>/dev/full', ["status", "127.0.0.1:1"]);
    expect(code).toBe(1);
  });
});

describe("a reader that leaves, or that never existed", () => {
  it.each([["--version"], ["--help"], ["apache", "--help"], ["completion", "zsh"]])(
    "%s %s is no failure",
    async (...args) => {
      const { stdout, stderr } = await shell('node "$0" "$@" | true; echo "$PIPESTATUS"', args);
      expect({ stdout, stderr }).toEqual({ stdout: "0\n", stderr: "" });
      expect(await shell('node "$0" "$@" >&-', args)).toEqual({ code: 0, stdout: "", stderr: "" });
    },
  );
});

describe.runIf(process.platform === "linux")("too few descriptors", () => {
  it.each(commands)("for %s %s end it with one line", async (...args) => {
    // Node 26 and later need more descriptors.
    for (const limit of nodeMajor < 26 ? [20, 24] : [24]) {
      const { code, stderr } = await shell(`ulimit -n ${limit}; node "$0" "$@" </dev/null`, args);
      expect([0, 1, 2]).toContain(code);
      expect(stderr).not.toMatch(trace);
    }
  });

  /** Runs `status` with fewer and fewer descriptors, until it fails to open a file of its own. */
  async function withTooFew(): Promise<Outcome & { limit: number }> {
    let limit = 24;
    for (;;) {
      const outcome = await shell(`ulimit -n ${limit}; node "$0" status 127.0.0.1:1`);
      if (outcome.stderr.includes("EMFILE") || limit === 16) return { ...outcome, limit };
      limit--;
    }
  }

  it("are reported, with what to do", async () => {
    const { code, stderr, limit } = await withTooFew();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^fcgi-probe: .*EMFILE.*\n(hint: .*ulimit -n\n)?$/);
    const manager = await spawnCommand([], {
      shell: `ulimit -n ${limit}; node "$0" --help`,
      command: "apache-manager",
    });
    expect(manager.code).toBe(1);
    expect(manager.stderr).toMatch(/^apache-manager: .*(EMFILE|too many open files).*\n/);
  });
});

describe("a path that is not a readable file", () => {
  const loops = join(folder, "loop");
  symlinkSync("loop", loops);

  it.each([
    ["scrape", folder],
    ["scrape", `${"x".repeat(300)}.txt`],
    ["scrape", `${loops}.yaml`],
    ["decode", folder],
    ["decode", loops],
    ["request", "127.0.0.1:1/x", "-d", `@${folder}`],
    ["request", "127.0.0.1:1/x", "--data-file", loops, "--role", "filter"],
  ])("%s %s is bad input", async (...args) => {
    const { code, stderr } = await spawnCommand(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^fcgi-probe: .*\nhint: .*\n/);
    expect(stderr).not.toMatch(trace);
  });

  it.each([["scrape", "-"], ["decode"], ["request", "127.0.0.1:1/x", "-d", "@-"]])(
    "is called a folder as the standard input of %s",
    async (...args) => {
      const { code, stderr } = await shell('node "$0" "$@" </', args);
      expect(code).toBe(2);
      expect(stderr).toContain("standard input is a folder");
    },
  );
});

describe("YAML that has no end", () => {
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (const [name, before] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"]) {
    bomb.push(`${name}: &${name} [${`*${before},`.repeat(10)}]`);
  }
  it.each([
    ["a list in itself", "- &a [*a]\n"],
    ["a list in itself twice", "- &a [*a, *a]\n- *a\n"],
    ["targets in themselves", "targets: &a [{targets: *a}]\n"],
    ["a map in itself", "- &a {b: *a}\n"],
    ["aliases of aliases", `${bomb.join("\n")}\ntargets: *h\n`],
    ["5,000 lists", `${"- ".repeat(5_000)}x\n`],
  ])("is refused: %s", async (_, text) => {
    const path = join(folder, "targets.yaml");
    writeFileSync(path, text);
    const { code, stderr } = await spawnCommand(["scrape", path]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^fcgi-probe: .*targets.yaml names no targets: .*\nhint: /);
    expect(stderr).not.toMatch(trace);
  });
});

describe("Ctrl-C", () => {
  const pipe = join(folder, "pipe");
  execFileSync("bash", ["-c", 'mkfifo "$0"', pipe]);
  const waits: [string, string][] = [
    ["an answer, status", "status --timeout 60s TARGET"],
    ["an answer, ping", "ping --timeout 60s TARGET"],
    ["an answer, values", "values --timeout 60s TARGET"],
    ["an answer, request", "request --timeout 60s TARGET/x"],
    ["an answer, scrape", "scrape --timeout 60s TARGET"],
    ["a body that a pipe has", "request TARGET/x -d @- < <(sleep 5 2>/dev/null)"],
    ["a body that a shell has", "request TARGET/x -d @<(sleep 5 2>/dev/null)"],
    ["a body from a pipe without a writer", `request TARGET/x -d @${pipe}`],
    ["targets from a pipe without a writer", `scrape ${pipe}`],
    ["targets", "scrape - < <(sleep 5 2>/dev/null)"],
    ["bytes", "decode < <(sleep 5 2>/dev/null)"],
    ["bytes from a pipe without a writer", `decode ${pipe}`],
    ["the next round", "status --watch 20s 127.0.0.1:1"],
  ];

  it.concurrent.each(waits)("ends the wait for %s with 130", async (_, line) => {
    const command = line.replace("TARGET", server.address.replace("unix:", ""));
    const { stdout, stderr } = await shell(
      `set -m; node "$0" ${command} >/dev/null & sleep 1; kill -INT $!; wait $!; echo "code $?"`,
    );
    expect(stdout).toMatch(/code 130\n$/);
    expect(stderr).not.toMatch(trace);
  });
});
