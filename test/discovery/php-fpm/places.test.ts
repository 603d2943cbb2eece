import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connectAddress } from "../../../src/discovery/php-fpm/connect-address.js";
import { findMasters } from "../../../src/discovery/php-fpm/masters.js";
import { prefixOf, versionIn } from "../../../src/discovery/php-fpm/places.js";
import { makeFolder } from "../../harness/server-process.js";

describe("the address to connect to", () => {
  it.each([
    ["9001", "127.0.0.1:9001"],
    ["127.0.0.1:9001", "127.0.0.1:9001"],
    ["*:9001", "127.0.0.1:9001"],
    ["0.0.0.0:9001", "127.0.0.1:9001"],
    ["[::]:9001", "[::1]:9001"],
    ["[::1]:9001", "[::1]:9001"],
    ["10.0.0.1:9001", "10.0.0.1:9001"],
    ["/run/php/www.sock", "unix:/run/php/www.sock"],
  ])("of listen = %s is %s", (listen, address) => {
    expect(connectAddress(listen)).toBe(address);
  });
});

describe("the version", () => {
  it.each([
    ["/etc/php/8.2/fpm/php-fpm.conf", "8.2"],
    ["/usr/sbin/php-fpm8.2", "8.2"],
    ["/etc/opt/remi/php83/php-fpm.conf", "8.3"],
    ["/opt/cpanel/ea-php81/root/etc/php-fpm.conf", "8.1"],
    ["/opt/plesk/php/8.3/etc/php-fpm.conf", "8.3"],
    ["/etc/php83/php-fpm.conf", "8.3"],
    ["/usr/local/etc/php-fpm.conf", undefined],
    ["/etc/php-fpm.conf", undefined],
  ])("in %s is %s", (path, version) => {
    expect(versionIn(path)).toBe(version);
  });
});

describe("the prefix of relative paths", () => {
  it.each([
    ["/etc/php/8.2/fpm/php-fpm.conf", "/usr/sbin/php-fpm8.2", "/usr"],
    ["/etc/php/8.2/fpm/php-fpm.conf", undefined, "/usr"],
    ["/etc/php-fpm.conf", undefined, "/usr"],
    ["/usr/local/etc/php-fpm.conf", "/usr/local/sbin/php-fpm", "/usr/local"],
    ["/srv/php/etc/php-fpm.conf", "/usr/sbin/php-fpm8.2", "/srv/php"],
    ["/etc/opt/remi/php83/php-fpm.conf", undefined, "/opt/remi/php83/root/usr"],
    ["/opt/cpanel/ea-php81/root/etc/php-fpm.conf", undefined, "/opt/cpanel/ea-php81/root/usr"],
  ])("of %s with the program %s is %s", (file, program, prefix) => {
    expect(prefixOf(file, program)).toBe(prefix);
  });
});

describe("the masters in a table of processes", () => {
  const root = makeFolder();
  const process = (pid: number, title: string, more: { cwd?: string; environ?: string } = {}) => {
    const folder = join(root, `${pid}`);
    mkdirSync(folder);
    writeFileSync(join(folder, "cmdline"), `${title}\0\0\0`);
    writeFileSync(join(folder, "status"), `NSpid:\t${pid}\n`);
    if (more.cwd !== undefined) symlinkSync(more.cwd, join(folder, "cwd"));
    if (more.environ !== undefined) writeFileSync(join(folder, "environ"), more.environ);
  };

  it("are told by their titles, several versions at once", () => {
    process(1, "php-fpm: master process (/etc/php/8.1/fpm/php-fpm.conf)", { environ: "\0\0\0" });
    process(2, "php-fpm: master process (/etc/php/8.2/fpm/x.conf)", { environ: "A=1\0B=2\0" });
    process(3, "php-fpm: pool www");
    process(4, "vi php-fpm: master process (x)");
    process(5, "php-fpm: master process (etc/x.conf)", { cwd: "/srv" });
    process(6, "php-fpm: master process (etc/y.conf)");
    process(7, "php-fpm: master process (/etc/php-fpm.conf)");
    writeFileSync(join(root, "7", "status"), "NSpid:\t7\t1\n");
    const { masters, problems } = findMasters(root);
    expect(masters.map(({ pid, file }) => [pid, file])).toEqual([
      [1, "/etc/php/8.1/fpm/php-fpm.conf"],
      [2, "/etc/php/8.2/fpm/x.conf"],
      [5, "/srv/etc/x.conf"],
    ]);
    expect(masters.map(({ environment }) => environment)).toEqual([
      undefined,
      new Map([
        ["A", "1"],
        ["B", "2"],
      ]),
      undefined,
    ]);
    expect(problems).toEqual([
      { source: "php-fpm master 6", message: expect.stringContaining("relative to a folder") },
      { source: "php-fpm master 7", message: expect.stringContaining("runs in a container") },
    ]);
    rmSync(root, { recursive: true });
  });
});
