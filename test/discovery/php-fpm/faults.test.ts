import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findPools } from "../../../src/discovery/php-fpm/find-pools.js";
import { makeFolder } from "../../harness/server-process.js";

it("names all that is wrong with a pool, the state by the first", () => {
  const folder = makeFolder();
  const file = join(folder, "php-fpm.conf");
  const pool = "pm = static\npm.max_children = 1\nlisten.owner = root\nlisten.group = root\n";
  writeFileSync(file, `[www]\nlisten = ${folder}/www.sock\n${pool}`);
  const { targets, problems } = findPools({
    files: [file],
    masters: { masters: [], problems: [] },
    account: { uid: 54_321, gids: [54_321] },
    listens: () => false,
  });
  expect(problems).toEqual([]);
  const [target] = targets;
  expect(target?.state).toBe("not running");
  expect(target?.problem?.split("; ")).toEqual([
    `no php-fpm runs with ${file}, and nothing listens at unix:${folder}/www.sock`,
    "this user may not connect: the socket is root:root with mode 0660",
    "pm.status_path is not set, so the pool has no status page",
  ]);
  expect(target?.hint).toMatch(
    /start php-fpm.*; run as .*; add the line "pm.status_path = \/status"/s,
  );
});
