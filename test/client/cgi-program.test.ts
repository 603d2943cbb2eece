import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepConnections } from "../../src/client/connect.js";
import { type GatewayFetchOptions, gatewayFetch } from "../../src/client/fetch.js";
import { gatewayFetchOver } from "../../src/client/fetch-over.js";
import { childrenOf, countOpenFiles, isAlive } from "../harness/processes.js";
import { makeFolder, until } from "../harness/server-process.js";

const folder = makeFolder();
let made = 0;

/** A program of one shell script. */
function program(script: string, first = "#!/bin/sh"): string {
  const path = join(folder, `program-${++made}`);
  writeFileSync(path, `${first}\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const HEAD = "printf 'Content-Type: text/plain\\r\\n\\r\\n'";

function run(
  script: string,
  init: RequestInit & { url?: string } = {},
  options: GatewayFetchOptions = {},
) {
  const { url = "http://localhost/", ...rest } = init;
  return gatewayFetch(`cgi:${program(script)}`, new Request(url, rest), options);
}

/** Waits for the pids that a script has written, one in each line. */
async function pidsIn(path: string, count: number): Promise<number[]> {
  const read = () =>
    existsSync(path) ? readFileSync(path, "latin1").split("\n").filter(Boolean).map(Number) : [];
  await until(
    () => read().length === count,
    () => "the program has not started",
  );
  return read();
}

const gone = (pids: readonly number[]) =>
  until(
    () => !pids.some(isRunning),
    () => `still running: ${pids.filter(isRunning)}`,
    3_000,
  );

/** Whether a process exists and is no zombie: those of a killed program's children are not ours. */
function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return !/^Z/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

let files: number;
let children: number;
beforeAll(async () => {
  await (await run(HEAD)).text();
  files = countOpenFiles();
  children = childrenOf(process.pid).length;
});
afterAll(async () => {
  await until(
    () => countOpenFiles() <= files && childrenOf(process.pid).length <= children,
    () => `${countOpenFiles()} files, ${childrenOf(process.pid).length} processes`,
  );
  rmSync(folder, { recursive: true });
});

describe("a CGI program", () => {
  it("S3.1 has the request in its environment, and nothing else but PATH", async () => {
    const init = {
      url: "http://example.org:8080/a%20b/%C5%BC?x=1;y",
      headers: { "x-test": "yes", proxy: "http://evil.example/" },
    };
    // As a front end sends it that leaves nothing out, and a gateway passes it on.
    const options = { variables: [["HTTP_PROXY", "http://evil.example/"]] as const };
    const response = await run(`${HEAD}; cat /proc/$$/environ`, init, options);
    const environment = (await response.text()).split("\0").filter(Boolean).sort();
    const path = `${folder}/program-${made}`;
    expect(environment).toEqual([
      "GATEWAY_INTERFACE=CGI/1.1",
      "HTTP_HOST=example.org:8080",
      "HTTP_X_TEST=yes",
      `PATH=${process.env["PATH"]}`,
      "QUERY_STRING=x=1;y",
      "REQUEST_METHOD=GET",
      "REQUEST_SCHEME=http",
      "REQUEST_URI=/a%20b/%C5%BC?x=1;y",
      `SCRIPT_FILENAME=${path}`,
      "SCRIPT_NAME=/a b/ż",
      "SERVER_NAME=example.org",
      "SERVER_PORT=8080",
      "SERVER_PROTOCOL=HTTP/1.1",
      "SERVER_SOFTWARE=fcgi-probe",
    ]);
  });

  it("has no arguments, whatever the query is", async () => {
    expect(await (await run(`${HEAD}; echo $#`, { url: "http://h/?a+b" })).text()).toBe("0\n");
  });

  it("starts in its own folder, or in the one that is given", async () => {
    expect(await (await run(`${HEAD}; pwd`)).text()).toBe(`${folder}\n`);
    const response = await run(`${HEAD}; pwd`, {}, { program: { workingFolder: "/" } });
    expect(await response.text()).toBe("/\n");
  });

  it("has the PATH that is given", async () => {
    const options = { program: { searchPath: "/bin" } };
    expect(await (await run(`${HEAD}; echo $PATH`, {}, options)).text()).toBe("/bin\n");
  });

  it("S3.1 reads its body from standard input, up to its end", async () => {
    const script = `${HEAD}; echo "$CONTENT_LENGTH $CONTENT_TYPE"; cat`;
    const response = await run(script, { method: "POST", body: "hello" });
    expect(await response.text()).toBe("5 text/plain;charset=UTF-8\nhello");
  });

  it("answers 20 MB while it reads them", async () => {
    const body = new Uint8Array(20_000_000).map((_, index) => index);
    const response = await run(
      `${HEAD}; exec cat`,
      { method: "POST", body },
      {
        contentLength: body.length,
      },
    );
    const answer = new Uint8Array(await response.arrayBuffer());
    const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    expect(hash(answer)).toBe(hash(body));
  });

  it("need not read its body", async () => {
    const body = new Uint8Array(5_000_000);
    const options = { contentLength: body.length };
    const response = await run(`${HEAD}; echo done`, { method: "POST", body }, options);
    expect(await response.text()).toBe("done\n");
  });

  it("streams: the first line is here before the last is written", async () => {
    const response = await run(`${HEAD}; echo one; sleep 0.3; echo two`);
    const started = performance.now();
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("one\n");
    expect(performance.now() - started).toBeLessThan(250);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("two\n");
  });

  it("waits for a slow reader of a body larger than the buffer", async () => {
    const mark = join(folder, "written");
    const script = `${HEAD}; head -c 3000000 /dev/zero; touch ${mark}`;
    const response = await run(script, {}, { bufferedBody: 100_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(existsSync(mark)).toBe(false);
    expect((await response.arrayBuffer()).byteLength).toBe(3_000_000);
  });

  it("has an error stream of its own", async () => {
    let said = "";
    const onStderr = (bytes: Uint8Array) => {
      said += new TextDecoder().decode(bytes);
    };
    const response = await run(`echo oops >&2; ${HEAD}; echo fine`, {}, { onStderr });
    expect([await response.text(), said]).toEqual(["fine\n", "oops\n"]);
  });

  it("reports its exit code when the answer is complete", async () => {
    const response = await run(`${HEAD}; echo fine; exit 3`);
    expect(await response.text()).toBe("fine\n");
    expect(await response.ended).toEqual({ appStatus: 3, protocolStatus: 0 });
  });

  it("reports the signal that killed it behind a complete answer", async () => {
    const response = await run("printf 'Content-Length: 4\\n\\nfine'; kill -9 $$");
    expect(await response.text()).toBe("fine");
    expect(await response.ended).toEqual({ appStatus: 137, protocolStatus: 0, signal: "SIGKILL" });
  });

  it("may leave a child that goes on writing", async () => {
    const response = await run(`${HEAD}; (sleep 0.1; echo child) & echo parent`);
    expect(await response.text()).toBe("parent\nchild\n");
  });

  it("is not waited for when it stays behind the end of its output", async () => {
    const script = `${HEAD}; echo fine; exec >&- 2>&-; sleep 30`;
    const response = await run(script, {}, { program: { killGrace: 50 } });
    expect(await response.text()).toBe("fine\n");
    expect(await response.ended).toEqual({ appStatus: 143, protocolStatus: 0 });
  });

  it("shows its bytes to a trace", async () => {
    const seen: string[] = [];
    const trace = (direction: string, bytes: Uint8Array) => {
      seen.push(`${direction} ${new TextDecoder().decode(bytes)}`);
    };
    const script = "body=$(cat); printf 'A: b\\n\\n%s' \"$body\"";
    await (await run(script, { method: "POST", body: "in" }, { trace })).text();
    expect(seen).toEqual(["sent in", "received A: b\n\nin"]);
  });
});

describe("a CGI program that fails", () => {
  it("before it answers: its exit code and its error output are told", async () => {
    await expect(run("echo 'no such table' >&2; exit 3")).rejects.toMatchObject({
      code: "closed_without_answer",
      message: "the program ended with status 3 without an answer",
      stderr: "no such table\n",
    });
  });

  it("inside its head", async () => {
    await expect(run("printf 'Status: 200 OK\\nConte'; exit 4")).rejects.toMatchObject({
      code: "truncated",
      message: expect.stringContaining("ended with status 4"),
    });
  });

  it("inside a body whose length it has promised", async () => {
    const response = await run("printf 'Content-Length: 10\\n\\nhalf'");
    await expect(response.text()).rejects.toMatchObject({ code: "truncated", offset: 4 });
  });

  it("by a signal inside a body without a length", async () => {
    const response = await run(`${HEAD}; echo half; kill -9 $$`);
    await expect(response.text()).rejects.toMatchObject({
      code: "truncated",
      message: expect.stringContaining("SIGKILL"),
    });
  });

  it("with what is no head", async () => {
    await expect(run("echo '200 OK'")).rejects.toMatchObject({ code: "malformed" });
  });

  it("with a head larger than the limit, and is ended", async () => {
    const failure = run("while :; do echo 'X-A: 1'; done", {}, { limits: { responseHead: 1_000 } });
    await expect(failure).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  it("with a body larger than the limit, and is ended", async () => {
    const response = await run(`${HEAD}; exec yes`, {}, { limits: { responseBody: 100_000 } });
    await expect(response.text()).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  mkdirSync(join(folder, "folder"));
  writeFileSync(join(folder, "text"), "no program");
  it.each([
    ["a missing program", join(folder, "missing"), "socket_missing"],
    ["a folder", join(folder, "folder"), "permission_denied"],
    ["a missing interpreter", program("", "#!/no/such/thing"), "socket_missing"],
    ["a file that is not executable", join(folder, "text"), "permission_denied"],
  ])("because it is %s", async (_, path, code) => {
    await expect(gatewayFetch(`cgi:${path}`, new Request("http://h/"))).rejects.toMatchObject({
      code,
      address: expect.stringContaining("cgi:/"),
    });
  });

  it("because a variable is larger than the system lets it be", async () => {
    const variables = [["BIG", "x".repeat(200_000)]] as const;
    await expect(run(HEAD, {}, { variables })).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  it.each([
    ["is not UTF-8", [["A", Uint8Array.of(0xff)]] as const],
    ["has = in its name", [["A=B", "c"]] as const],
    ["has a NUL", [["A", "a\0b"]] as const],
  ])("because a variable %s", async (_, variables) => {
    await expect(run(HEAD, {}, { variables })).rejects.toMatchObject({ code: "bad_input" });
  });

  it("because its variables are more than the limit", async () => {
    const limits = { variables: 100 };
    await expect(run(HEAD, {}, { limits })).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  it("because its connections cannot be kept", async () => {
    expect(() => keepConnections("cgi:/bin/true")).toThrow(/there is none to keep/);
    const connections = keepConnections("127.0.0.1:9");
    await expect(run(HEAD, {}, { connections })).rejects.toMatchObject({ code: "bad_input" });
  });

  it("because a stream is no program", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const failure = gatewayFetchOver({ readable, writable }, new Request("http://h/"), {
      protocol: "cgi",
    });
    await expect(failure).rejects.toMatchObject({ code: "bad_input" });
  });
});

describe("a CGI program that nobody waits for", () => {
  const slow = (path: string, trap = "") => `${trap}
    sleep 30 & echo $! >> ${path}; echo $$ >> ${path}
    ${HEAD}; echo begun
    while :; do sleep 0.05; done`;
  const killed = async (
    trap: string,
    act: (path: string, script: string) => Promise<void>,
  ): Promise<void> => {
    const path = join(folder, `pids-${++made}`);
    await act(path, slow(path, trap));
    await gone(await pidsIn(path, 2));
  };
  const traps = [
    ["ends", ""],
    ["and that ignores SIGTERM ends", "trap '' TERM"],
  ] as const;

  it.each(traps)("%s at the deadline, with its children", async (_, trap) => {
    await killed(trap, async (_path, script) => {
      const options = { timeout: 300, drainTimeout: 0, program: { killGrace: 100 } };
      const response = await run(script, {}, options);
      await expect(response.text()).rejects.toMatchObject({ code: "deadline" });
    });
  });

  it.each(traps)("%s when its request is cancelled, with its children", async (_, trap) => {
    await killed(trap, async (path, script) => {
      const abort = new AbortController();
      const options = { signal: abort.signal, program: { killGrace: 100 } };
      const response = await run(script, {}, options);
      await pidsIn(path, 2);
      abort.abort();
      await expect(response.text()).rejects.toMatchObject({ code: "aborted" });
    });
  });

  it("ends when the reader of its body goes", async () => {
    await killed("", async (_path, script) => {
      const response = await run(script);
      await response.body?.cancel();
    });
  });

  it("ends at the deadline, though only a child of it is left", async () => {
    await killed("", async (path) => {
      const script = `sleep 30 & echo $! >> ${path}; echo $$ >> ${path}; ${HEAD}; echo begun`;
      const options = { timeout: 200, drainTimeout: 0, program: { killGrace: 100 } };
      const response = await run(script, {}, options);
      await expect(response.text()).rejects.toMatchObject({ code: "deadline" });
    });
  });

  it("ends with the process that has started it", async () => {
    await killed("", async (path, script) => {
      const module = new URL("../../dist/client/fetch.js", import.meta.url).href;
      const source = `
        const { gatewayFetch } = await import(${JSON.stringify(module)});
        await gatewayFetch("cgi:${program(script)}", new Request("http://h/"));
        process.exit();`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
        stdio: ["ignore", "inherit", "inherit"],
      });
      await once(child, "exit");
      expect(await pidsIn(path, 2)).toHaveLength(2);
    });
  });

  it("is ended at once when the signal has come before", async () => {
    const path = join(folder, "never");
    const signal = AbortSignal.abort();
    await expect(run(`sleep 0.2; touch ${path}`, {}, { signal })).rejects.toMatchObject({
      code: "aborted",
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(existsSync(path)).toBe(false);
  });
});
