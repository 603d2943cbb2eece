import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keepConnections } from "../../src/client/connect.js";
import { gatewayFetch } from "../../src/client/fetch.js";
import { gatewayFetchOver } from "../../src/client/fetch-over.js";
import { CgiPrograms, HEAD } from "./cgi-programs.js";

const programs = new CgiPrograms();

describe("a CGI program that fails", () => {
  it("before it answers: the error has its exit code and its error output", async () => {
    await expect(programs.run("echo 'no such table' >&2; exit 3")).rejects.toMatchObject({
      code: "closed_without_answer",
      message: "the program ended with status 3 without an answer",
      stderr: "no such table\n",
    });
  });

  it("inside its head", async () => {
    await expect(programs.run("printf 'Status: 200 OK\\nConte'; exit 4")).rejects.toMatchObject({
      code: "truncated",
      message: expect.stringContaining("ended with status 4"),
    });
  });

  it("inside a body whose length it has promised", async () => {
    const response = await programs.run("printf 'Content-Length: 10\\n\\nhalf'");
    await expect(response.text()).rejects.toMatchObject({ code: "truncated", offset: 4 });
  });

  it("by a signal inside a body without a length", async () => {
    const response = await programs.run(`${HEAD}; echo half; kill -9 $$`);
    await expect(response.text()).rejects.toMatchObject({
      code: "truncated",
      message: expect.stringContaining("SIGKILL"),
    });
  });

  it("with output that is not a head", async () => {
    await expect(programs.run("echo '200 OK'")).rejects.toMatchObject({ code: "malformed" });
  });

  it("with a head larger than the limit, and is ended", async () => {
    const failure = programs.run(
      "while :; do echo 'X-A: 1'; done",
      {},
      { limits: { responseHead: 1_000 } },
    );
    await expect(failure).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  it("with a body larger than the limit, and is ended", async () => {
    const response = await programs.run(
      `${HEAD}; exec yes`,
      {},
      { limits: { responseBody: 100_000 } },
    );
    await expect(response.text()).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  mkdirSync(join(programs.folder, "folder"));
  writeFileSync(join(programs.folder, "text"), "no program");
  it.each([
    ["a missing program", join(programs.folder, "missing"), "socket_missing"],
    ["a folder", join(programs.folder, "folder"), "permission_denied"],
    ["a missing interpreter", programs.make("", "#!/no/such/thing"), "socket_missing"],
    ["a file that is not executable", join(programs.folder, "text"), "permission_denied"],
  ])("because it is %s", async (_, path, code) => {
    await expect(gatewayFetch(`cgi:${path}`, new Request("http://h/"))).rejects.toMatchObject({
      code,
      address: expect.stringContaining("cgi:/"),
    });
  });

  it("because a variable is larger than the system lets it be", async () => {
    const variables = [["BIG", "x".repeat(200_000)]] as const;
    await expect(programs.run(HEAD, {}, { variables })).rejects.toMatchObject({
      code: "limit_exceeded",
    });
  });

  it.each([
    ["is not UTF-8", [["A", Uint8Array.of(0xff)]] as const],
    ["has = in its name", [["A=B", "c"]] as const],
    ["has a NUL", [["A", "a\0b"]] as const],
  ])("because a variable %s", async (_, variables) => {
    await expect(programs.run(HEAD, {}, { variables })).rejects.toMatchObject({
      code: "bad_input",
    });
  });

  it("because its variables are more than the limit", async () => {
    const limits = { variables: 100 };
    await expect(programs.run(HEAD, {}, { limits })).rejects.toMatchObject({
      code: "limit_exceeded",
    });
  });

  it("because its connections cannot be kept", async () => {
    expect(() => keepConnections("cgi:/bin/true")).toThrow(/there is none to keep/);
    const connections = keepConnections("127.0.0.1:9");
    await expect(programs.run(HEAD, {}, { connections })).rejects.toMatchObject({
      code: "bad_input",
    });
  });

  it("because a stream is no program", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const failure = gatewayFetchOver({ readable, writable }, new Request("http://h/"), {
      protocol: "cgi",
    });
    await expect(failure).rejects.toMatchObject({ code: "bad_input" });
  });
});
