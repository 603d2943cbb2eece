import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CgiPrograms, HEAD } from "./cgi-programs.js";

const programs = new CgiPrograms();

describe("a CGI program", () => {
  it("S3.1 has the request in its environment, and nothing else but PATH", async () => {
    const init = {
      url: "http://example.org:8080/a%20b/%C5%BC?x=1;y",
      headers: { "x-test": "yes", proxy: "http://evil.example/" },
    };
    // As a front end sends it that leaves nothing out, and a gateway passes it on.
    const options = { variables: [["HTTP_PROXY", "http://evil.example/"]] as const };
    const response = await programs.run(`${HEAD}; cat /proc/$$/environ`, init, options);
    const environment = (await response.text()).split("\0").filter(Boolean).sort();
    const path = programs.last;
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
    expect(await (await programs.run(`${HEAD}; echo $#`, { url: "http://h/?a+b" })).text()).toBe(
      "0\n",
    );
  });

  it("starts in its own programs.folder, or in the one that is given", async () => {
    expect(await (await programs.run(`${HEAD}; pwd`)).text()).toBe(`${programs.folder}\n`);
    const response = await programs.run(`${HEAD}; pwd`, {}, { program: { workingFolder: "/" } });
    expect(await response.text()).toBe("/\n");
  });

  it("has the PATH that is given", async () => {
    const options = { program: { searchPath: "/bin" } };
    expect(await (await programs.run(`${HEAD}; echo $PATH`, {}, options)).text()).toBe("/bin\n");
  });

  it("S3.1 reads its body from standard input, up to its end", async () => {
    const script = `${HEAD}; echo "$CONTENT_LENGTH $CONTENT_TYPE"; cat`;
    const response = await programs.run(script, { method: "POST", body: "hello" });
    expect(await response.text()).toBe("5 text/plain;charset=UTF-8\nhello");
  });

  it("answers 20 MB while it reads them", async () => {
    const body = new Uint8Array(20_000_000).map((_, index) => index);
    const response = await programs.run(
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
    const response = await programs.run(`${HEAD}; echo done`, { method: "POST", body }, options);
    expect(await response.text()).toBe("done\n");
  });

  it("streams: the first line is here before the last is written", async () => {
    const response = await programs.run(`${HEAD}; echo one; sleep 0.3; echo two`);
    const started = performance.now();
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("one\n");
    expect(performance.now() - started).toBeLessThan(250);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("two\n");
  });

  it("waits for a slow reader of a body larger than the buffer", async () => {
    const mark = join(programs.folder, "written");
    const script = `${HEAD}; head -c 3000000 /dev/zero; touch ${mark}`;
    const response = await programs.run(script, {}, { bufferedBody: 100_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(existsSync(mark)).toBe(false);
    expect((await response.arrayBuffer()).byteLength).toBe(3_000_000);
  });

  it("has an error stream of its own", async () => {
    let said = "";
    const onStderr = (bytes: Uint8Array) => {
      said += new TextDecoder().decode(bytes);
    };
    const response = await programs.run(`echo oops >&2; ${HEAD}; echo fine`, {}, { onStderr });
    expect([await response.text(), said]).toEqual(["fine\n", "oops\n"]);
  });

  it("reports its exit code when the answer is complete", async () => {
    const response = await programs.run(`${HEAD}; echo fine; exit 3`);
    expect(await response.text()).toBe("fine\n");
    expect(await response.ended).toEqual({ appStatus: 3, protocolStatus: 0 });
  });

  it("reports the signal that killed it after a complete answer", async () => {
    const response = await programs.run("printf 'Content-Length: 4\\n\\nfine'; kill -9 $$");
    expect(await response.text()).toBe("fine");
    expect(await response.ended).toEqual({ appStatus: 137, protocolStatus: 0, signal: "SIGKILL" });
  });

  it("may leave a child that continues to write", async () => {
    const response = await programs.run(`${HEAD}; (sleep 0.1; echo child) & echo parent`);
    expect(await response.text()).toBe("parent\nchild\n");
  });

  it("is terminated when it runs on after the end of its output", async () => {
    const script = `${HEAD}; echo fine; exec >&- 2>&-; sleep 30`;
    const response = await programs.run(script, {}, { program: { killGrace: 50 } });
    expect(await response.text()).toBe("fine\n");
    expect(await response.ended).toEqual({ appStatus: 143, protocolStatus: 0 });
  });

  it("shows its bytes to a trace", async () => {
    const seen: string[] = [];
    const trace = (direction: string, bytes: Uint8Array) => {
      seen.push(`${direction} ${new TextDecoder().decode(bytes)}`);
    };
    const script = "body=$(cat); printf 'A: b\\n\\n%s' \"$body\"";
    await (await programs.run(script, { method: "POST", body: "in" }, { trace })).text();
    expect(seen).toEqual(["sent in", "received A: b\n\nin"]);
  });
});
