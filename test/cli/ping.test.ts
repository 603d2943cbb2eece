import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPool } from "../../dist/server.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { describeWith } from "../harness/describe-with.js";
import { answering, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { freePort } from "../harness/ports.js";
import { startUwsgi } from "../harness/uwsgi.js";
import { runHere } from "./cli.js";

/** The result of `ping` for a response. */
async function ping(response: string) {
  const answer = Buffer.concat([
    encodeRecord(RecordType.Stdout, 1, Buffer.from(response)),
    encodeEndRequest(1, 0, 0),
  ]);
  await using server = await startFakeServer(answering(answer));
  const { code, stdout, stderr } = await runHere(["ping", server.address]);
  return { code, text: (stdout + stderr).replaceAll(server.address, "TARGET") };
}

describe("ping", () => {
  const dead = "127.0.0.1:1/ping";

  it.each([
    ["json", (text: string) => JSON.parse(text)],
    [
      "ndjson",
      (text: string) =>
        text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
    ],
  ])("has the results as %s", async (format, read) => {
    const answer = encodeRecord(RecordType.Stdout, 1, Buffer.from("A: b\r\n\r\npong"));
    const reply = Buffer.concat([answer, encodeEndRequest(1, 0, 0)]);
    await using server = await startFakeServer(answering(reply));
    const args = ["ping", "--format", format, server.address, dead];
    const { code, stdout } = await runHere(args);
    expect(code).toBe(1);
    const results: { target: string }[] = read(stdout);
    const of = (target: string) => results.find((result) => result.target === target);
    const timed = { elapsed: expect.any(Number), time: expect.any(String) };
    expect(of(server.address)).toMatchObject({ ok: true, reply: "pong", ...timed });
    expect(of(dead)).toMatchObject({ ok: false, error: { code: "refused" }, ...timed });
  });

  it("with --quiet shows only what failed", async () => {
    const { code, stdout, stderr } = await runHere(["ping", "-q", "-t", "1s", dead]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^fcgi-probe: .*connection refused\nhint: /);
  });

  it("of a CGI program names the command for it", async () => {
    const { code, stderr } = await runHere(["ping", "cgi:/bin/true"]);
    expect(code).toBe(2);
    expect(stderr).toContain("hint: send a request instead: fcgi-probe request cgi:/bin/true");
  });

  it.each([
    ["Content-Type: text/plain;charset=UTF-8\r\n\r\npong", "pong"],
    ["Content-Type: text/plain\r\n\r\nall is well\n", "all is well"],
    ["X-A: b\r\n\r\nok", "ok"],
  ])("takes %j for a reply", async (response, reply) => {
    const { code, text } = await ping(response);
    expect(code).toBe(0);
    expect(text).toMatch(new RegExp(`^TARGET: ${reply} \\(.*\\)\n$`));
  });

  it.each([
    ["a page of HTML", "Content-Type: text/html\r\n\r\nok", '"ok"'],
    ["a page of lines", "Content-Type: text/plain\r\n\r\npool: www\nx: y\n", '"pool: www"'],
    ["a long line", `Content-Type: text/plain\r\n\r\n${"x".repeat(1_025)}`, `"${"x".repeat(60)}…"`],
    ["nothing", "Content-Type: text/plain\r\n\r\n", '""'],
  ])("says that %s is none", async (_, response, shown) => {
    const { code, text } = await ping(response);
    expect(code).toBe(2);
    expect(text).toContain(`TARGET: the answer is not a ping reply: ${shown}\nhint: `);
    expect(text).toContain("ping.path");
  });
});

describeWith(["php-fpm"], "ping and a real pool", () => {
  let fpm: PhpFpm;
  let target: string;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
    });
    target = fpm.pool("www").bareAddress;
  });
  afterAll(() => fpm.stop());

  it("adds the slash that --path lacks", async () => {
    expect((await runHere(["ping", "--path", "ping", target])).code).toBe(0);
    const { code, stdout } = await runHere(["status", "--path", "status", target]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^POOL .*\nwww /);
  });

  it("is exit 2 for the status page", async () => {
    const { code, stderr } = await runHere(["ping", `${target}:/status`]);
    expect(code).toBe(2);
    expect(stderr).toContain("not a ping reply");
  });

  it("takes a socket by a relative path", async () => {
    const name = target.slice(target.lastIndexOf("/") + 1);
    const before = process.cwd();
    process.chdir(target.slice(0, target.lastIndexOf("/")));
    try {
      for (const address of [name, `./${name}`, `unix:${name}`, `${name}:/ping`]) {
        expect((await runHere(["ping", address])).code).toBe(0);
      }
    } finally {
      process.chdir(before);
    }
  });
});

describe("ping and a pool of fcgi-probe serve", () => {
  it.each(["scgi", "uwsgi", "fcgi"])("asks for the page by %s", async (protocol) => {
    const pool = await startPool({
      application: fileURLToPath(new URL("../pool/app.mjs", import.meta.url)),
      listen: `${protocol}://127.0.0.1:${await freePort()}`,
      maxChildren: 1,
      pingPath: "/alive",
      pingResponse: "I live",
      log: () => {},
    });
    try {
      const { code, stdout } = await runHere(["ping", `${pool.address}/alive`]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/: I live \(/);
    } finally {
      await pool.stop();
    }
  });
});

describeWith(["uwsgi"], "ping and a real uWSGI", () => {
  it("is answered by the ping of the protocol", async () => {
    await using uwsgi = await startUwsgi();
    const { code, stdout } = await runHere(["ping", uwsgi.address("uwsgi", "unix")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^uwsgi:.*: pong \(/);
  });
});
