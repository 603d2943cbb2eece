import { existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { serve } from "../../src/server/serve.js";
import { makeFolder } from "../harness/server-process.js";
import { Master } from "../pool/master.js";

const newSocket = () => join(makeFolder(), "app.sock");
const application = () => new Response("served");

describe("a server on a unix socket", () => {
  it("says that its folder is missing", async () => {
    const listen = "scgi:///no/such/folder/x.sock";
    await expect(serve(application, { listen })).rejects.toMatchObject({
      code: "bad_address",
      address: listen,
      message: "the folder of scgi:///no/such/folder/x.sock does not exist",
    });
    await using master = new Master(["--mode", "shared"], { listen });
    expect(await master.exited()).toBe(2);
    expect(master.log).toContain("the folder of scgi:///no/such/folder/x.sock does not exist");
  });

  it("keeps its place, and removes its own file alone", async () => {
    const path = newSocket();
    const listen = `unix:${path}`;
    const first = await serve(application, { listen });
    await expect(serve(application, { listen })).rejects.toMatchObject({
      code: "bad_address",
      message: `unix:${path} is taken`,
    });
    rmSync(path);
    const second = await serve(application, { listen });
    const { ino } = lstatSync(path);
    await first.close();
    expect(lstatSync(path).ino).toBe(ino);
    const answer = await gatewayFetch(listen, new Request("http://app/"));
    expect(await answer.text()).toBe("served");
    await second.close();
    expect(existsSync(path)).toBe(false);
  });

  it("leaves a file, or a folder, that took the place of its socket", async () => {
    for (const make of [(path: string) => writeFileSync(path, "kept"), mkdirSync]) {
      const path = newSocket();
      const server = await serve(application, { listen: `unix:${path}` });
      rmSync(path);
      make(path);
      await server.close();
      expect(existsSync(path)).toBe(true);
    }
  });
});
