import { chmodSync, existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { serve } from "../../src/server/serve.js";
import { findGroup, findUser } from "../../src/transport/accounts.js";
import { filePermissions } from "../../src/transport/socket-permissions.js";
import { makeFolder } from "../harness/server-process.js";
import { Master, startMaster } from "../pool/master.js";

const isRoot = process.geteuid?.() === 0;
const newSocket = () => join(makeFolder(), "app.sock");
const application = () => new Response("served");

describe("the permissions of a socket", () => {
  it.each([
    [{}, undefined],
    [{ socketMode: "umask" }, undefined],
    [{ socketMode: "everyone" }, 0o666],
    [{ socketMode: "0660" }, 0o660],
    [{ socketMode: "600" }, 0o600],
    [{ socketMode: 0o640 }, 0o640],
    [{ socketMode: 0 }, 0],
    [{ socketOwner: 0 }, 0o660],
    [{ socketGroup: "0" }, 0o660],
    [{ socketGroup: 0, socketMode: "0600" }, 0o600],
    [{ socketGroup: 0, socketMode: "umask" }, undefined],
  ] as const)("%j have the mode %s", (options, mode) => {
    expect(filePermissions(options).mode).toBe(mode);
  });

  it.each(["0888", "rw", "", "01777", "-1", 660, 0.5, Number.NaN, 0o1000])(
    "have no mode %j",
    (socketMode) => {
      expect(() => filePermissions({ socketMode })).toThrow(
        expect.objectContaining({ code: "bad_input" }),
      );
    },
  );

  it("are of users and groups that there are", () => {
    expect(findUser("root")).toMatchObject({ uid: 0, gid: 0, name: "root" });
    expect(findUser("0")).toEqual(findUser("root"));
    expect(findUser(4_000_000_000)).toEqual({ uid: 4_000_000_000, gid: undefined });
    expect(findGroup(7)).toBe(7);
    for (const name of ["no-such-user", "", "-s", "4294967295", "99999999999"]) {
      for (const find of [findUser, findGroup]) {
        expect(() => find(name)).toThrow(expect.objectContaining({ code: "bad_input" }));
      }
    }
  });
});

describe("a server", () => {
  it("has a socket with the mode that it was given", async () => {
    const path = newSocket();
    await using server = await serve(application, { listen: `unix:${path}`, socketMode: 0o620 });
    expect(server.address).toBe(`unix:${path}`);
    expect(lstatSync(path).mode & 0o777).toBe(0o620);
  });

  it("leaves no socket that it cannot give away", async () => {
    const path = newSocket();
    // Only root may give it to another user.
    const options = { listen: `unix:${path}`, socketOwner: isRoot ? 0xffff_fffe : 0 };
    const started = serve(application, options);
    if (isRoot) await (await started).close();
    else await expect(started).rejects.toMatchObject({ code: "bad_input" });
    expect(existsSync(path)).toBe(false);
  });
});

describe("a pool", () => {
  it.each(["shared", "delegate"])("has a socket with a mode and a group: %s", async (mode) => {
    const own = `${process.getegid?.()}`;
    const args = ["--workers", "1", "--mode", mode, "--socket-group", own];
    await using usual = await startMaster(args);
    expect(lstatSync(usual.socket).mode & 0o777).toBe(0o660);
    await using master = await startMaster([...args, "--socket-mode", "0600"]);
    expect(lstatSync(master.socket).mode & 0o777).toBe(0o600);
    expect((await master.request("/")).text).toBe("hello");
  });

  it.each([
    [["--socket-owner", "no-such-user"], 'there is no user "no-such-user"'],
    [["--socket-group", "no-such-group"], 'there is no group "no-such-group"'],
    [["--socket-mode", "0999"], '--socket-mode: "0999" is not a file mode'],
    [["--user", "no-such-user"], 'there is no user "no-such-user"'],
  ])("does not start with %j", async (args, message) => {
    await using master = new Master(args, {});
    expect(await master.exited()).toBe(2);
    expect(master.log).toContain(message);
    expect(existsSync(master.socket)).toBe(false);
  });

  it("gives no owner to a port", async () => {
    await using master = new Master(["--socket-owner", "0"], { listen: "127.0.0.1:1" });
    expect(await master.exited()).toBe(2);
    expect(master.log).toContain("only a unix socket has an owner and a group");
  });
});

describe.runIf(isRoot)("a pool of root's", () => {
  it.each(["shared", "delegate"])("gives its sockets to others: %s", async (mode) => {
    const args = ["--workers", "1", "--mode", mode, "--status-path", "/status"];
    const status = newSocket();
    const given = ["--socket-owner", "nobody", "--socket-group", "12345"];
    await using master = await startMaster([
      ...args,
      ...given,
      "--status-listen",
      `unix:${status}`,
    ]);
    for (const path of [master.socket, status]) {
      const { uid, gid, mode: bits } = lstatSync(path);
      expect([uid, gid, bits & 0o777]).toEqual([findUser("nobody").uid, 12_345, 0o660]);
    }
  });

  it("is one on a folder that others may not enter: they still serve it", async () => {
    await using master = await startMaster(["--workers", "1"]);
    chmodSync(master.folder, 0o700);
    expect((await master.request("/")).text).toBe("hello");
  });
});
