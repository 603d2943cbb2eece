import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeServer, silent, startFakeServer } from "../harness/fake-server.js";
import { spawnCommand } from "./cli.js";

let server: FakeServer;
beforeAll(async () => {
  server = await startFakeServer(silent, { listen: "tcp" });
});
afterAll(() => server.stop());

/** Runs the command with a fault inside its process, while it waits for an answer. */
function withFault(fault: string, env: NodeJS.ProcessEnv = {}) {
  const code = `setTimeout(() => { ${fault} }, 600)`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  return spawnCommand(["status", "--timeout", "20s", `${server.address}/status`], {
    env: { ...env, NODE_OPTIONS },
  });
}

describe("an unexpected error", () => {
  it.each([
    ["a throw", "throw new TypeError('lost it\\nat x.js:1')", "failed: lost it (TypeError)"],
    ["a rejection", "Promise.reject(new Error('lost it'))", "failed: lost it (Error)"],
    [
      "a system's error",
      "throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })",
      "failed: EIO: i/o error (EIO)",
    ],
    ["a thrown text", "throw 'nothing'", "failed: nothing"],
    ["nothing at all", "throw undefined", "failed: undefined"],
  ])("is one line and exit 2: %s", async (_, fault, line) => {
    const { code, stderr } = await withFault(fault);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `fcgi-probe: ${line}\n` });
  });

  it("has its stack with NODE_DEBUG", async () => {
    const { stderr } = await withFault("throw new Error('lost it')", { NODE_DEBUG: "fcgi-probe" });
    expect(stderr).toMatch(/FCGI-PROBE \d+: Error: lost it\n +at /);
  });
});
