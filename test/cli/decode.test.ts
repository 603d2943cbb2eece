import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { startPhpFpm } from "../harness/php-fpm.js";
import { childrenOf } from "../harness/processes.js";
import { makeFolder, ServerProcess } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";
import { runHere } from "./cli.js";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../fixtures/pcap/${name}.pcap`, import.meta.url));
const decode = (...args: string[]) => runHere(["decode", "--bytes", "24", ...args]);

/** What php-fpm was asked for its status, and then, over IPv6, for a ping. */
const statusLines = [
  "#1 127.0.0.1:38872 > 127.0.0.1:9711  FastCGI",
  "#1 >        0  BEGIN_REQUEST      id 1  content 8  padding 0  role 1 (responder)  flags 0",
  "#1 >       16  PARAMS             id 1  content 81  padding 7",
  "#1 >             SCRIPT_NAME = /status",
  "#1 >             SCRIPT_FILENAME = /status",
  "#1 >             REQUEST_METHOD = GET",
  "#1 >             QUERY_STRING = json",
  "#1 >      112  PARAMS             id 1  content 0  padding 0  end of stream",
  '#1 <        0  STDOUT             id 1  content 452  padding 4  "X-Powered-By: PHP/8.2.36"… and 428 more',
  "#1 <      464  END_REQUEST        id 1  content 8  padding 0  appStatus 0  protocolStatus 0 (REQUEST_COMPLETE)",
  "#1 >      120  STDIN              id 1  content 0  padding 0  end of stream",
];

describe("decode of what tcpdump wrote", () => {
  it.each(["ethernet", "linux-cooked-2"])("on %s shows both connections", async (name) => {
    const { code, stdout, stderr } = await decode(fixture(name));
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("#1 "))).toEqual(statusLines);
    expect(lines).toContain("#2 [::1]:51262 > [::1]:9712  FastCGI");
    expect(lines).toContain("#2 >             SCRIPT_NAME = /ping");
  });

  it("takes only the port that is given", async () => {
    const { code, stdout } = await decode(fixture("ethernet"), "--port", "9711");
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual(statusLines);
    const none = await decode(fixture("ethernet"), "--port", "9000");
    expect([none.code, none.stdout]).toEqual([2, ""]);
    expect(none.stderr).toContain("the capture has no connection of FastCGI, SCGI or uwsgi");
    const wrong = await decode(fixture("ethernet"), "--port", "65536");
    expect(wrong.stderr).toContain('"65536" is not a port');
  });

  it("says what it cut off, and goes on after it", async () => {
    const { code, stdout } = await decode(fixture("linux-cooked-cut"));
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual([
      ...statusLines.slice(0, 2),
      "#1 > 72 bytes are missing at byte 48: the capture cuts packets: capture with -s 0",
      "#1 < 448 bytes are missing at byte 32: the capture cuts packets: capture with -s 0",
      statusLines.at(-1),
    ]);
  });

  it("ends with an error when the file does, after what is in it", async () => {
    const file = join(makeFolder(), "cut.pcap");
    writeFileSync(file, readFileSync(fixture("ethernet")).subarray(0, 2_000));
    const { code, stdout, stderr } = await decode(file);
    expect(code).toBe(2);
    expect(stdout).toContain(statusLines.join("\n"));
    expect(stderr).toMatch(/the capture ends inside the frame at byte \d+/);
  });
});

describeWith(["php-fpm", "strace"], "decode of what strace wrote", () => {
  it("shows both sides of a worker's socket", async () => {
    const fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
    });
    onTestFinished(() => fpm.stop());
    const folder = makeFolder();
    const file = join(folder, "worker.strace");
    const worker = String(childrenOf(fpm.pid)[0]);
    const calls = "trace=read,write,recvfrom,sendto,sendmsg,writev";
    const args = ["-xx", "-e", calls, "-s", "65535", "-o", file, "-p", worker];
    const strace = new ServerProcess(requireServer("strace"), args, folder);
    await strace.ready(() => strace.output.includes("attached"));
    const { address, statusPath } = fpm.pool("www");
    expect((await runHere(["status", address])).code).toBe(0);
    // The worker reads the end of the connection after its answer.
    await strace.ready(() => /recvfrom\(\d+, "", /.test(readFileSync(file, "utf8")));
    const { code, stdout } = await decode(file);
    await strace.stop();
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^#1 descriptor \d+ {2}FastCGI$/);
    expect(lines[1]).toMatch(/^#1 > {8}0 {2}BEGIN_REQUEST /);
    expect(lines).toContain(`#1 >             SCRIPT_NAME = ${statusPath}`);
    expect(
      lines.filter((line) => /^#1 < +\d+ {2}END_REQUEST .*REQUEST_COMPLETE/.test(line)),
    ).toHaveLength(1);
    expect(stdout).not.toContain("missing");
  });
});
