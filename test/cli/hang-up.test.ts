import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { makeFolder } from "../harness/server-process.js";

const command = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));

/** Runs a program on a terminal that ends at its first output, and prints how the program ended. */
const onLostTerminal = `
import os, pty, signal, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
os.read(master, 1)
if sys.argv[1] == "ends":
    os.close(master)
else:
    os.kill(pid, signal.SIGHUP)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describeWith(["python3"], "a terminal", () => {
  const endOf = async (how: string, ...program: string[]): Promise<string> => {
    const args = ["-c", onLostTerminal, how, ...program];
    return (await promisify(execFile)("python3", args, { timeout: 20_000 })).stdout;
  };
  const tap = ["tap", "--listen", `unix:${makeFolder()}/tap.sock`, "--to", "127.0.0.1:1"];

  it.each([
    [["top", "127.0.0.1:1/status"]],
    [["status", "--watch", "1s", "127.0.0.1:1/status"]],
    [["status", "--watch", "1s", "--json", "127.0.0.1:1/status"]],
    [tap],
  ])("that ends, ends %j by the signal for it", async (args) => {
    expect(await endOf("ends", process.execPath, command, ...args)).toBe("-1\n");
  });

  it("that ends is noticed by a command whose SIGHUP goes to its shell alone", async () => {
    // The shell handles the signal, and notes how its program has ended.
    const file = join(makeFolder(), "exit");
    const line = `trap : HUP; "$0" "$@"; echo $? >${file}`;
    await endOf("ends", "bash", "-c", line, process.execPath, command, "top", "127.0.0.1:1/status");
    expect(readFileSync(file, "utf8")).toBe("129\n");
  });

  it("that stays sees the same end by SIGHUP", async () => {
    expect(await endOf("stays", process.execPath, command, ...tap)).toBe("-1\n");
  });
});
