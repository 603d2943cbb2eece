import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../harness/server-process.js";
import { CgiPrograms, HEAD } from "./cgi-programs.js";

const programs = new CgiPrograms();

/** How many lists of pids have been named. */
let lists = 0;

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

const ended = (pids: readonly number[]) =>
  until(
    () => !pids.some(isRunning),
    () => `still running: ${pids.filter(isRunning)}`,
    3_000,
  );

/** Whether a process exists and is no zombie: the children of a killed program may stay ones. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^Z/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

describe("a CGI program whose answer is not awaited", () => {
  const slow = (path: string, trap = "") => `${trap}
    sleep 30 & echo $! >> ${path}; echo $$ >> ${path}
    ${HEAD}; echo begun
    while :; do sleep 0.05; done`;
  const killed = async (
    trap: string,
    act: (path: string, script: string) => Promise<void>,
  ): Promise<void> => {
    const path = join(programs.folder, `pids-${++lists}`);
    await act(path, slow(path, trap));
    await ended(await pidsIn(path, 2));
  };
  const traps = [
    ["ends", ""],
    ["and that ignores SIGTERM ends", "trap '' TERM"],
  ] as const;

  it.each(traps)("%s at the deadline, with its children", async (_, trap) => {
    await killed(trap, async (_path, script) => {
      const options = { timeout: 300, drainTimeout: 0, program: { killGrace: 100 } };
      const response = await programs.run(script, {}, options);
      await expect(response.text()).rejects.toMatchObject({ code: "deadline" });
    });
  });

  it.each(traps)("%s when its request is cancelled, with its children", async (_, trap) => {
    await killed(trap, async (path, script) => {
      const abort = new AbortController();
      const options = { signal: abort.signal, program: { killGrace: 100 } };
      const response = await programs.run(script, {}, options);
      await pidsIn(path, 2);
      abort.abort();
      await expect(response.text()).rejects.toMatchObject({ code: "aborted" });
    });
  });

  it("ends when the reader of its body goes", async () => {
    await killed("", async (_path, script) => {
      const response = await programs.run(script);
      await response.body?.cancel();
    });
  });

  it("ends at the deadline, though only a child of it is left", async () => {
    await killed("", async (path) => {
      const script = `sleep 30 & echo $! >> ${path}; echo $$ >> ${path}; ${HEAD}; echo begun`;
      const options = { timeout: 200, drainTimeout: 0, program: { killGrace: 100 } };
      const response = await programs.run(script, {}, options);
      await expect(response.text()).rejects.toMatchObject({ code: "deadline" });
    });
  });

  it("ends with the process that has started it", async () => {
    await killed("", async (path, script) => {
      const module = new URL("../../dist/client/fetch.js", import.meta.url).href;
      const source = `
        const { gatewayFetch } = await import(${JSON.stringify(module)});
        await gatewayFetch("cgi:${programs.make(script)}", new Request("http://h/"));
        process.exit();`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
        stdio: ["ignore", "inherit", "inherit"],
      });
      await once(child, "exit");
      expect(await pidsIn(path, 2)).toHaveLength(2);
    });
  });

  it("is ended at once when the signal has come before", async () => {
    const path = join(programs.folder, "never");
    const signal = AbortSignal.abort();
    await expect(programs.run(`sleep 0.2; touch ${path}`, {}, { signal })).rejects.toMatchObject({
      code: "aborted",
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(existsSync(path)).toBe(false);
  });
});
