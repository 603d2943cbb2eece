import { Console } from "node:console";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { startPool } from "../../dist/server.js";
import { makeFolder } from "../harness/server-process.js";
import { writeApplication } from "./master.js";

const application = () => writeApplication(makeFolder(), "export default () => new Response();");

/** What `console.log` prints. */
function shown(value: unknown): string {
  const lines: string[] = [];
  const output = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  new Console(output).log(value);
  return lines.join("");
}

describe("what startPool returns", () => {
  it("has the documented members and nothing else", async () => {
    const listen = `unix:${join(makeFolder(), "app.sock")}`;
    const pool = await startPool({ application: application(), listen, maxChildren: 2, log() {} });
    try {
      expect(Object.getPrototypeOf(pool)).toBe(Object.prototype);
      const methods = ["reload", "reopenLogs", "stop", "kill"];
      expect(Object.keys(pool)).toEqual(["address", "pids", "counters", "ended", ...methods]);
      expect(pool.address).toBe(listen);
      expect(pool.pids).toHaveLength(2);
      expect(pool.counters).toMatchObject({
        pool: "application",
        idleProcesses: 2,
        acceptedConn: 0,
      });
    } finally {
      await pool.stop();
    }
    await pool.ended;
    expect(pool.pids).toEqual([]);
  });

  it("shows its values in console.log, as they are at that moment", async () => {
    const listen = `unix:${join(makeFolder(), "app.sock")}`;
    const pool = await startPool({ application: application(), listen, maxChildren: 2, log() {} });
    const lines = shown(pool).split("\n");
    expect(lines[0]).toBe("Pool {");
    expect(lines).toContain(`  address: '${listen}',`);
    expect(lines).toContain(`  pids: [ ${pool.pids.join(", ")} ],`);
    expect(lines).toContain("    idleProcesses: 2,");
    expect(lines.join("\n")).not.toMatch(/Function|Getter|Map|#|Master/);
    expect(lines.length).toBeLessThan(30);
    await pool.stop();
    expect(shown(pool)).toContain("  pids: [],");
    expect(pool.counters).toMatchObject({ idleProcesses: 0, processes: [] });
  });

  it.each([-1, Number.NaN])("refuses to stop within %d by rejecting, and goes on", async (time) => {
    const listen = `unix:${join(makeFolder(), "app.sock")}`;
    await using pool = await startPool({ application: application(), listen, log() {} });
    const stopping = pool.stop(time);
    await expect(stopping).rejects.toMatchObject({
      code: "bad_input",
      message: `timeout is ${time}, not milliseconds from 0 to Infinity`,
    });
    expect(pool.pids.length).toBeGreaterThan(0);
  });
});
