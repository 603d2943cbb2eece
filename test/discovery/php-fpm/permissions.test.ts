import { chmodSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  accessTo,
  isAllowedClient,
  predictDenial,
} from "../../../src/discovery/php-fpm/permissions.js";
import type { PoolConfiguration } from "../../../src/discovery/pool-configuration.js";
import { makeFolder } from "../../harness/server-process.js";

const someone = { uid: 54_321, gids: [54_321] };
const pool = (extra: Partial<PoolConfiguration>): PoolConfiguration =>
  ({
    name: "www",
    source: "/etc/www.conf:4",
    listen: "unix:/x.sock",
    ...extra,
  }) as PoolConfiguration;
const isDenied = (extra: Partial<PoolConfiguration>, account = someone) =>
  predictDenial(pool(extra), account) !== undefined;

describe("the prediction whether a user may connect", () => {
  it("lets root connect", () => {
    expect(isDenied({ listenMode: "0600" }, { uid: 0, gids: [0] })).toBe(false);
  });

  it("takes the socket for root's, with mode 0660, where nothing is set", () => {
    expect(isDenied({})).toBe(true);
    expect(isDenied({}, { uid: 54_321, gids: [54_321, 0] })).toBe(false);
  });

  it("knows owners and groups, by number and by name", () => {
    expect(isDenied({ listenOwner: "54321" })).toBe(false);
    expect(isDenied({ listenGroup: "54321" })).toBe(false);
    const { gid } = userInfo();
    expect(isDenied({ listenGroup: "root" }, { uid: 54_321, gids: [0, gid] })).toBe(false);
    expect(isDenied({ listenOwner: "54320", listenGroup: "54320" })).toBe(true);
  });

  it.each([
    ["0600", { listenGroup: "54321" }, true],
    ["0660", { listenGroup: "54321" }, false],
    ["0666", {}, false],
    ["0662", {}, false],
    ["0664", {}, true],
    // The owner has no right, and the group's does not count for the owner.
    ["0060", { listenOwner: "54321", listenGroup: "54321" }, true],
  ])("reads listen.mode %s", (listenMode, extra, denied) => {
    expect(isDenied({ listenMode, ...extra })).toBe(denied);
  });

  it("lets listen.acl_users and listen.acl_groups replace owner and group", () => {
    expect(isDenied({ listenOwner: "54321", aclUsers: "root" })).toBe(true);
    expect(isDenied({ aclUsers: "root,54321" })).toBe(false);
    expect(isDenied({ aclGroups: "54321" })).toBe(false);
  });

  it("names the group to join, and the file", () => {
    const denial = predictDenial(pool({ listenGroup: "daemon" }), someone);
    expect(denial?.problem).toContain("the socket is root:daemon with mode 0660");
    expect(denial?.hint).toContain("join the group daemon");
    expect(denial?.hint).toContain("/etc/www.conf");
  });

  it("asks the system about a socket that exists, without a connection to it", async () => {
    const folder = makeFolder();
    const path = join(folder, "x.sock");
    let connections = 0;
    const server = createServer(() => connections++).listen(path);
    expect(accessTo(path)).toBe("allowed");
    expect(accessTo(join(folder, "none.sock"))).toBe("missing");
    expect(accessTo(folder)).toEqual({ problem: `${folder} is not a socket` });
    chmodSync(path, 0o000);
    expect(accessTo(path)).toEqual(
      process.getuid?.() === 0 ? "allowed" : { problem: expect.stringContaining("EACCES") },
    );
    await new Promise((resolve) => server.close(resolve));
    expect(connections).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it("reads listen.allowed_clients", () => {
    expect(isAllowedClient(undefined, "127.0.0.1")).toBe(true);
    expect(isAllowedClient("127.0.0.1,10.0.0.1", "127.0.0.1")).toBe(true);
    expect(isAllowedClient("10.0.0.1", "127.0.0.1")).toBe(false);
    expect(isAllowedClient("::1", "[::1]")).toBe(true);
  });
});
