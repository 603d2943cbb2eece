import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { startPool } from "../../dist/server.js";
import { makeFolder } from "../harness/server-process.js";
import { writeApplication } from "./master.js";

const application = () => writeApplication(makeFolder(), "export default () => new Response();");

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
      const printed = inspect(pool).split("\n");
      expect(printed.length).toBeLessThanOrEqual(14);
      expect(printed.join("\n")).not.toMatch(/Array|Map|#|Master/);
    } finally {
      await pool.stop();
    }
    await pool.ended;
    expect(pool.pids).toEqual([]);
  });
});
