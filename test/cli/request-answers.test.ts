import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import {
  answering,
  type FakeServer,
  type Script,
  startFakeServer,
} from "../harness/fake-server.js";
import { runHere } from "./cli.js";

const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(script: Script): Promise<string> {
  const server = await startFakeServer(script, { listen: "tcp" });
  servers.push(server);
  return `${server.address}/x`;
}

const record = (type: RecordType, text: string, id = 1) => {
  const records: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += 65_528) {
    records.push(encodeRecord(type, id, Buffer.from(text.slice(at, at + 65_528), "latin1")));
  }
  return Buffer.concat(records);
};
const stdout = (text: string, id = 1) => record(RecordType.Stdout, text, id);
const stderr = (text: string) => record(RecordType.Stderr, text);
const end = (appStatus = 0, id = 1) => encodeEndRequest(id, appStatus, 0);
const bytes = (...parts: Uint8Array[]) => answering(Buffer.concat(parts));

/** What the command prints for an answer. */
async function ask(script: Script, ...args: string[]) {
  const target = await start(script);
  const { code, stdout: out, stderr: err } = await runHere(["request", target, ...args]);
  return { code, stdout: out, stderr: err.replaceAll(target, "TARGET") };
}

describe("the error stream of an answer", () => {
  it("is shown whole", async () => {
    const text = `${"x".repeat(99)}\n`.repeat(3_000);
    const { code, stderr: shown } = await ask(bytes(stderr(text), stdout("A: b\r\n\r\n"), end()));
    expect({ code, whole: shown === text }).toEqual({ code: 0, whole: true });
  });

  it("has lines of its own, however its records are cut", async () => {
    const { stderr: shown } = await ask(
      bytes(stderr("one\ntw"), stderr("o\nlast"), stdout("Status: 500\r\n\r\n"), end()),
    );
    expect(shown).toBe("one\ntwo\nlast\nfcgi-probe: TARGET: the application answered 500\n");
  });

  it("has a line for each message of php-fpm, which separates them by a semicolon", async () => {
    const script: Script = async (peer) => {
      await peer.receive(1);
      await peer.send(Buffer.concat([stderr("PHP message: a; PHP mess"), stderr("age: b")]));
      await sleep(400);
      const rest = [stderr("; PHP message: c"), stderr("; PHP message: d"), stdout("A: b\r\n\r\n")];
      await peer.send(Buffer.concat([...rest, end()]));
    };
    const { stderr: shown } = await ask(script);
    expect(shown).toBe("abcd".replace(/./g, "PHP message: $&\n"));
  });

  it("has a hint where php-fpm finds no script", async () => {
    const { code, stderr: shown } = await ask(
      bytes(stderr("Primary script unknown"), stdout("Status: 404\r\n\r\n"), end()),
    );
    expect(code).toBe(2);
    expect(shown).toMatch(
      /^Primary script unknown\nfcgi-probe: TARGET: .* 404\nhint: .*--script.*\n$/,
    );
  });

  it("comes before a failure, which does not repeat it", async () => {
    const { code, stderr: shown } = await ask(bytes(stderr("no memory"), end(3)));
    expect(code).toBe(2);
    expect(shown).toMatch(/^no memory\nfcgi-probe: TARGET: .*ended with status 3\nhint: .*\n$/);
  });

  it("neither joins the body's line on a terminal nor controls the terminal", async () => {
    const target = await start(
      bytes(stdout("Status: 404\r\n\r\nbody"), stderr("\x1b[2Jx\n"), end()),
    );
    const env = { NO_COLOR: "1" };
    const outcome = await runHere(["request", target], { columns: 80, env });
    expect(outcome).toMatchObject({ code: 2, stdout: "body\n" });
    expect(outcome.stderr).toMatch(/^\\x1b\[2Jx\nfcgi-probe: .* answered 404\n$/);
  });
});

describe("the head of an answer", () => {
  const fields = (count: number, length: number) =>
    Array.from({ length: count }, (_, at) => `X-${at}: ${"v".repeat(length)}\r\n`).join("");

  it("may have 300 fields", async () => {
    const head = `${fields(300, 10)}\r\n`;
    const { code, stdout: shown } = await ask(bytes(stdout(`${head}body`), end()), "-i");
    expect({ code, shown }).toEqual({ code: 0, shown: `${head}body` });
  });

  it("of 240 KB is taken with --max-head, which the hint names", async () => {
    const head = `${fields(24, 10_000)}\r\n`;
    const script = bytes(stdout(`${head}body`), end());
    const { code, stdout: shown } = await ask(script, "-i", "--max-head", "256k");
    expect({ code, whole: shown === `${head}body` }).toEqual({ code: 0, whole: true });
    const refused = await ask(script);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/head is longer than 65536 bytes\nhint: .*--max-head/);
  });

  it.each(["0", "65m", "x", "1g"])("has no limit of %s", async (size) => {
    const { code, stderr: shown } = await runHere(["request", "a:1/x", "--max-head", size]);
    expect(code).toBe(2);
    expect(shown).toContain("is not a size");
  });
});

describe("a malformed answer", () => {
  it("in its length has a warning", async () => {
    const head = "Content-Length: 10\r\n\r\n";
    for (const body of ["abc", "abcdefghijkl"]) {
      const { code, stderr: shown } = await ask(bytes(stdout(head + body), end()));
      expect({ code, shown }).toEqual({
        code: 0,
        shown: `fcgi-probe: TARGET: warning: the body has ${body.length} bytes, but its Content-Length is 10\n`,
      });
    }
    expect((await ask(bytes(stdout(head), end()), "-X", "HEAD")).stderr).toBe("");
    expect((await ask(bytes(stdout(`${head}0123456789`), end()))).stderr).toBe("");
  });

  it("because it has the id 0 is called that", async () => {
    const answer = bytes(stdout("A: b\r\n\r\nbody", 0), end(0, 0));
    const { code, stderr: shown } = await ask(answer);
    expect(code).toBe(2);
    expect(shown).toMatch(/the peer answered request 0, and was asked request 1\nhint: .*the id/);
  });

  it("because it has the id 0, and is not closed, is called that too", async () => {
    const script: Script = async (peer) => {
      await peer.receive(1);
      await peer.send(Buffer.concat([stdout("A: b\r\n\r\nbody", 0), end(0, 0)]));
    };
    const { code, stderr: shown } = await ask(script, "--timeout", "300ms");
    expect(code).toBe(2);
    expect(shown).toContain("the peer answered request 0, and was asked request 1");
  });

  it("because it is an END_REQUEST alone is called that", async () => {
    const { code, stderr: shown } = await ask(bytes(end()));
    expect(code).toBe(2);
    expect(shown).toMatch(/: the application ended the request without output\nhint: .*its log/);
    expect(shown).not.toContain("allowed_clients");
  });

  it("because it began and did not end is not a busy worker's", async () => {
    const begin: Script = async (peer) => {
      await peer.receive(1);
      await peer.send(stdout("A: b\r\n\r\nbody"));
    };
    const { code, stdout: out, stderr: shown } = await ask(begin, "--timeout", "300ms");
    expect({ code, out }).toEqual({ code: 2, out: "body" });
    expect(shown).toMatch(/TARGET: no complete answer within 300 ms\nhint: the answer had begun/);
    expect(shown).not.toContain("busy");
  });

  it("because nothing came does not speak of status pages", async () => {
    const { stderr: shown } = await ask(() => {}, "--timeout", "200ms");
    expect(shown).toMatch(/no complete answer within 200 ms\nhint: .*every worker may be busy/);
    expect(shown).not.toContain("pm.status");
  });
});

describe("a malformed request", () => {
  it.each([
    [["--path", "/a?b", "--query", "c"], /--path has a query, and --query gives another/],
    [["-H", "A b: c"], /"A b" is not a header name/],
    [["-H", "X-A: 1", "-H", "X_A: 2"], /X-A and X_A would both become HTTP_X_A/],
    [["-X", ""], /"" is not a method/],
    [["--query", "\ufffd"], /bytes that are not UTF-8/],
    [["-d", "@/"], /"\/" is a folder/],
    [["--data-file", "/nowhere"], /ENOENT/],
  ])("%j is bad input, and nothing is sent", async (args, message) => {
    const target = await start(() => {});
    const { code, stderr: shown } = await runHere(["request", target, ...args]);
    expect(code).toBe(2);
    expect(shown).toMatch(message);
    expect(servers[0]?.accepted).toBe(0);
  });

  it("a query in --path is a query", async () => {
    const { stderr: shown } = await ask(
      bytes(stdout("A: b\r\n\r\n"), end()),
      "-v",
      "--path",
      "/a?b#c",
    );
    expect(shown).toMatch(/REQUEST_URI = \/a\?b#c$/m);
    expect(shown).toMatch(/QUERY_STRING = b#c$/m);
    expect(shown).toMatch(/SCRIPT_NAME = \/a$/m);
  });
});
