import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LocalPools } from "../../src/discovery/local-pools.js";
import { readPhpFpmConfiguration } from "../../src/discovery/php-fpm/read-pools.js";
import type { PoolConfiguration } from "../../src/discovery/pool-configuration.js";
import { makeFolder } from "../harness/server-process.js";

let folder: string;
let pools: LocalPools;

/** The pools of a configuration that has one for each `listen`. */
function configured(listens: Record<string, string>): readonly PoolConfiguration[] {
  const file = join(folder, "php-fpm.conf");
  const text = Object.entries(listens).map(
    ([name, listen]) => `[${name}]\nlisten = ${listen}\npm = static\npm.max_children = 1\n`,
  );
  writeFileSync(file, text.join(""));
  return readPhpFpmConfiguration(file, { prefix: "/usr", lookUp: () => "" }).pools;
}

beforeAll(() => {
  folder = makeFolder();
  mkdirSync(join(folder, "run"));
  symlinkSync(join(folder, "run"), join(folder, "link"));
  writeFileSync(join(folder, "run", "www.sock"), "");
  symlinkSync(join(folder, "run", "www.sock"), join(folder, "alias.sock"));
  const configurations = configured({
    www: join(folder, "run", "www.sock"),
    gone: join(folder, "link", "gone.sock"),
    four: "127.0.0.1:9001",
    six: "[::1]:9002",
    any: "9003",
    star: "*:9004",
    anySix: "[::]:9005",
    second: "127.0.0.2:9001",
    status: `9006\npm.status_listen = 127.0.0.1:9007\npm.status_path = /status`,
  });
  pools = new LocalPools(configurations);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a unix socket is that of a pool", () => {
  it.each([
    ["as php-fpm_exporter writes it", "unix://@/run/www.sock;/status", "www"],
    ["by a link to its folder", "unix:@/link/www.sock:/status", "www"],
    ["by a link to itself", "@/alias.sock", "www"],
    ["while it does not exist", "unix:@/run/gone.sock:/status", "gone"],
    ["not of another name", "unix:@/run/other.sock:/status", undefined],
    ["not in Linux's abstract namespace", "unix:@@/run/www.sock", undefined],
    ["not with another protocol", "uwsgi://unix:@/run/www.sock", undefined],
  ])("%s", (_, address, pool) => {
    expect(pools.at(address.replace("@", folder))?.name).toBe(pool);
  });
});

const own = Object.values(networkInterfaces())
  .flatMap((each = []) => each)
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

describe("an address is that of a pool", () => {
  it.each([
    ["tcp://127.0.0.1:9001/status", "four"],
    ["localhost:9001", "four"],
    ["[::ffff:127.0.0.1]:9001/status", "four"],
    ["127.0.0.2:9001", "second"],
    // Another address with this port may be that of another server.
    ["127.0.0.3:9001", undefined],
    ["[::1]:9001", undefined],
    ["[::1]:9002/status", "six"],
    ["localhost:9002", "six"],
    ["127.0.0.1:9002", undefined],
    ["127.0.0.1:9003", "any"],
    ["127.1.2.3:9003", "any"],
    ["[::1]:9003", "any"],
    ["localhost:9004", "star"],
    ["127.0.0.1:9005", "anySix"],
    ["127.0.0.1:9007/status", "status"],
    ["127.0.0.2:9007/status", undefined],
    ["192.0.2.1:9003", undefined],
    ["php.example:9003", undefined],
    ["127.0.0.1:9099", undefined],
    ["no address", undefined],
    ["http://127.0.0.1:9003/server-status", undefined],
    ...(own === undefined
      ? []
      : [
          [`${own}:9003`, "any"],
          [`${own}:9001`, undefined],
        ]),
  ])("%s", (address, pool) => {
    expect(pools.at(address as string)?.name).toBe(pool);
  });
});

it("knows which addresses lead to this machine", () => {
  const isHere = (address: string) => pools.isHere(address);
  expect(["/run/x.sock", "127.9.9.9:1", "localhost:9000", "[::1]:9000/x"].every(isHere)).toBe(true);
  expect(["192.0.2.1:9000", "php.example:9000", "http://localhost/"].some(isHere)).toBe(false);
});

it("takes the first of two pools with one socket: running masters come first", () => {
  const both = [...configured({ one: "9100" }), ...configured({ two: "9100" })];
  expect(new LocalPools(both).at("127.0.0.1:9100")?.name).toBe("one");
});
