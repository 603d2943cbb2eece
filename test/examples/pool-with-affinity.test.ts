import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { status } from "../../src/phpfpm/status.js";
import { makeFolder, type ServerProcess } from "../harness/server-process.js";
import { startExample } from "./run-example.js";

describe("examples/pool-with-affinity.mjs", () => {
  let example: ServerProcess;
  const socket = `unix:${join(makeFolder(), "app.sock")}`;
  beforeAll(async () => {
    example = await startExample("pool-with-affinity.mjs", socket);
  });
  afterAll(() => example?.stop());

  const ask = async (query: string, cookie = "") => {
    const headers = { cookie };
    const request = new Request(`http://localhost/${query}`, { headers });
    const response = await gatewayFetch(socket, request);
    const [set] = response.headers.getSetCookie();
    return { ...(await response.json()), cookie: set?.split(";")[0] ?? cookie };
  };

  it("keeps the baskets of sessions in the memory of their workers", async () => {
    const sessions = await Promise.all(["a", "b", "c", "d"].map((item) => ask(`?add=${item}`)));
    for (const { cookie, worker, basket } of sessions) {
      const next = await Promise.all([ask("?add=x", cookie), ask("?add=x", cookie)]);
      expect(next.map((answer) => answer.worker)).toEqual([worker, worker]);
      expect((await ask("", cookie)).basket).toEqual([...basket, "x", "x"]);
    }
    const page = await status(`${socket}:/status`);
    expect(page.processManager).toBe("ondemand");
  });
});
