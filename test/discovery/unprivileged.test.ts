import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";

const pool = { pm: "static", maxChildren: 1, listen: "unix" } as const;
const bin = new URL("../../bin/fcgi-probe.js", import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;
/** Another user: as root, nobody; else this user, who has other rights than root all the same. */
const other = isRoot ? { uid: 65_534, gid: 65_534 } : {};

/** Runs discover as the other user, on our php-fpm alone. */
function discoverAsOther({ folder }: PhpFpm) {
  chmodSync(folder, 0o755);
  const args = [
    bin,
    "discover",
    "--php-fpm-config",
    join(folder, "php-fpm.conf"),
    "--format",
    "json",
  ];
  const result = spawnSync(process.execPath, args, { ...other, cwd: "/", encoding: "utf8" });
  const { targets, problems } = JSON.parse(result.stdout);
  const own = (items: { source: string }[]) =>
    items.filter(({ source }) => source.startsWith(folder));
  return { targets: own(targets), problems: own(problems), stderr: result.stderr };
}

describe("discover as a user without rights", () => {
  it.runIf(isRoot)("says that it may not connect, and why, without a connection", async () => {
    await using fpm = await startPhpFpm({
      pools: [
        { ...pool, name: "closed", extra: { "listen.mode": "0660", "listen.group": "daemon" } },
        { ...pool, name: "open" },
        { ...pool, name: "tcp", listen: "tcp", extra: { "listen.allowed_clients": "10.0.0.1" } },
      ],
    });
    const { targets } = discoverAsOther(fpm);
    expect(targets).toMatchObject([
      {
        labels: { pool: "closed" },
        state: "no permission",
        problem: expect.stringContaining(":daemon with mode 0660"),
        hint: expect.stringContaining("join the group daemon"),
      },
      { labels: { pool: "open" }, state: "ready" },
      {
        labels: { pool: "tcp" },
        state: "no permission",
        problem: expect.stringContaining("listen.allowed_clients"),
      },
    ]);
  });

  it.runIf(isRoot)(
    "reports the included file that it may not read, and the others' pools",
    async () => {
      await using fpm = await startPhpFpm({ pools: [{ ...pool, name: "www" }] });
      const file = join(fpm.folder, "php-fpm.conf");
      const secret = join(fpm.folder, "secret.conf");
      mkdirSync(join(fpm.folder, "closed"));
      writeFileSync(secret, "[secret]\n");
      writeFileSync(file, `include = ${secret}\ninclude = ${fpm.folder}/closed/*.conf\n`, {
        flag: "a",
      });
      chmodSync(secret, 0o600);
      chmodSync(join(fpm.folder, "closed"), 0o700);
      const { targets, problems, stderr } = discoverAsOther(fpm);
      expect(targets).toMatchObject([{ labels: { pool: "www" } }]);
      expect(problems).toMatchObject([
        { source: secret, message: expect.stringContaining("may not be read by this user") },
        { source: expect.stringMatching(/php-fpm\.conf:\d+$/) },
      ]);
      expect(stderr).toContain(`${secret}: it may not be read by this user`);
    },
  );
});
