import { describe, expect, it } from "vitest";
import { runHere } from "./cli.js";
import { answer, goodPool, start } from "./fake-pool.js";

describe("the command line", () => {
  it("shows help with examples for itself and every command", async () => {
    const commands = ["status", "ping", "values", "request", "scrape", "decode"];
    for (const args of [[], ...commands.map((name) => [name])]) {
      const { code, stdout } = await runHere([...args, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Examples:\n {2}\S*/);
      expect(stdout).toContain("Exit status:");
    }
  });

  it.each([
    [["stauts"], /fcgi-probe: unknown command 'stauts'[\s\S]*status/],
    [["status", "--frmat", "json", "a:1"], /fcgi-probe: unknown option '--frmat'/],
    [["status", "--format", "xml", "a:1"], /argument 'xml' is invalid/],
    [["status", "--timeout", "soon", "a:1"], /fcgi-probe: --timeout: "soon" is not a time\nhint: /],
    [["values"], /missing required argument 'TARGET'/],
    [["request", "127.0.0.1:1"], /no path and no script\nhint: /],
    [["request", "127.0.0.1:1", "--script", "/x", "-X", "GE T"], /GE T/],
    [["request", "127.0.0.1:1", "--script", "/x", "-d", "@/nowhere"], /ENOENT/],
    [["scrape", "nonsense"], /neither a file nor an address/],
    [["decode", "/nowhere.bin"], /ENOENT/],
    [[], /Usage: fcgi-probe/],
  ])("%j is bad input: exit 2, on standard error", async (args, message) => {
    const { code, stdout, stderr } = await runHere(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
  });
});

describe("ping", () => {
  it("S0.8 prints the answer and its time", async () => {
    const target = await start(answer("A: b\r\n\r\npong"));
    const { code, stdout } = await runHere(["ping", target]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+\/status: pong \(\d+(\.\d)? (µs|ms)\)\n$/);
  });
});

describe("request", () => {
  it("S0.25 S0.27 writes the body, the error stream apart, and is exit 2 from status 400 on", async () => {
    const target = await start(
      answer("Status: 500 Oops\r\n\r\nbody", { stderr: "PHP message: no\n" }),
    );
    const { code, stdout, stderr } = await runHere(["request", target]);
    expect(code).toBe(2);
    expect(stdout).toBe("body");
    expect(stderr).toBe(
      `PHP message: no\nfcgi-probe: ${target}: the application answered 500 Oops\n`,
    );
  });

  it("S0.26 is exit 2 when the application reports a failure", async () => {
    const target = await start(answer("A: b\r\n\r\nbody", { appStatus: 7 }));
    const { code, stdout, stderr } = await runHere(["request", target]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "body" });
    expect(stderr).toBe(`fcgi-probe: ${target}: the application reported the status 7\n`);
  });

  it("-i writes the head as received before the body", async () => {
    const target = await start(answer("Status: 201 Made\r\nX-One: ü\r\nX-One: 2\r\n\r\nbody"));
    const { code, stdout } = await runHere(["request", "-i", target]);
    expect(code).toBe(0);
    expect(stdout).toBe("Status: 201 Made\r\nX-One: ü\r\nX-One: 2\r\n\r\nbody");
  });

  it("-v writes the records both ways to standard error", async () => {
    const target = await start(answer("A: b\r\n\r\nbody"));
    const { stdout, stderr } = await runHere(["request", "-v", target, "--param", "FOO=a=b"]);
    expect(stdout).toBe("body");
    expect(stderr).toMatch(/^> +0 {2}BEGIN_REQUEST .*role 1 \(responder\)/);
    expect(stderr).toMatch(/^> +SCRIPT_NAME = \/status$/m);
    expect(stderr).toMatch(/^> +FOO = a=b$/m);
    expect(stderr).toMatch(/^< +0 {2}STDOUT .*"A: b\\r\\n\\r\\nbody"$/m);
    expect(stderr).toMatch(/^< +\d+ {2}END_REQUEST .*REQUEST_COMPLETE/m);
  });

  it("sends a filter its file as DATA", async () => {
    const target = await start(answer("A: b\r\n\r\nbody"));
    const file = new URL("../fixtures/wire/apache-scgi--post--001.s2c.bin", import.meta.url)
      .pathname;
    const args = ["-v", "--role", "filter", "--data-file", file];
    const { stderr } = await runHere(["request", target, ...args]);
    expect(stderr).toMatch(/role 3 \(filter\)/);
    expect(stderr).toMatch(/FCGI_DATA_LENGTH = 1071$/m);
  });
});

describe("scrape", () => {
  it("reads targets from standard input, and writes one object per line", async () => {
    const good = await start(goodPool);
    const stdin = `# pools\n${good}\n\n127.0.0.1:1/status # gone\n`;
    const { code, stdout, stderr } = await runHere(["scrape", "-"], { stdin });
    const results = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(code).toBe(1);
    expect(results.map(({ target, ok }) => ({ target, ok }))).toContainEqual({
      target: good,
      ok: true,
    });
    expect(stderr).toMatch(/^2 targets: 1 ok \(1 saturated\), 1 refused in [\d.]+ m?s\n$/);
  });

  it.each([
    ["json", (text: string) => JSON.parse(text).length === 2],
    ["prometheus", (text: string) => text.match(/^phpfpm_up\{/gm)?.length === 2],
    ["table", (text: string) => /^POOL .*\nwww /.test(text)],
  ])("writes %s", async (format, isRight) => {
    const targets = [await start(goodPool), await start(goodPool)];
    const { code, stdout } = await runHere(["scrape", "--format", format, ...targets]);
    expect(code).toBe(0);
    expect(stdout).toSatisfy(isRight);
  });

  it("of nothing is an empty array", async () => {
    const { code, stdout } = await runHere(["scrape", "-", "--format", "json"], {
      stdin: "# none\n",
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "[]\n" });
  });

  it("reports an error in its file after the results before it", async () => {
    const { code, stderr } = await runHere(["scrape", "-"], { stdin: "- 5\n" });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /fcgi-probe: standard input names no targets: 5 is not a target\nhint: /,
    );
  });
});

describe("decode", () => {
  it("reads standard input, and is exit 2 with the offset where the bytes are wrong", async () => {
    const stdin = Buffer.from("010600010001000078020600010000", "hex");
    const { code, stdout, stderr } = await runHere(["decode"], { stdin });
    expect(code).toBe(2);
    expect(stdout).toBe('       0  STDOUT             id 1  content 1  padding 0  "x"\n');
    expect(stderr).toMatch(/standard input: the record at byte 9 has the version 2, not 1\nhint: /);
  });
});
