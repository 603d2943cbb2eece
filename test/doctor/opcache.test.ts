import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readOpcache } from "../../src/phpfpm/opcache.js";
import { describeWith } from "../harness/describe-with.js";
import type { PhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";
import { ask, examineOne, findingOf, script, startPools } from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 1, listen: "unix" } as const;
const source = fileURLToPath(new URL("../../php/opcache.php", import.meta.url));

function install(fpm: PhpFpm): string {
  const path = join(fpm.folder, "fcgi-probe-opcache.php");
  copyFileSync(source, path);
  return path;
}

/** Writes scripts that OPcache of 8 MB cannot hold, and one that compiles them all. */
function compiler(fpm: PhpFpm, before = ""): string {
  const folder = join(fpm.folder, "application");
  mkdirSync(folder);
  for (let file = 0; file < 500; file++) {
    const functions = Array.from(
      { length: 40 },
      (_, at) => `function f${file}_${at}($x) { return [$x, ${at}, "text ${file} ${at}"]; }`,
    );
    writeFileSync(join(folder, `${file}.php`), `<?php\n${functions.join("\n")}\n`);
  }
  const compile = `foreach ($files as $file) { @opcache_compile_file($file); }`;
  return script(fpm, "compile.php", `$files = glob("${folder}/*.php"); ${before} ${compile}`);
}

const ini = {
  "opcache.enable": "1",
  "opcache.memory_consumption": "8",
  "opcache.interned_strings_buffer": "1",
  "opcache.file_update_protection": "0",
  "opcache.max_wasted_percentage": "1",
};

describeWith(["php-fpm"], "doctor, of OPcache by its script", () => {
  it("says that it is full, and what to raise", async () => {
    const fpm = await startPools({ pools: [pool], ini });
    const opcache = install(fpm);
    await ask(fpm.pool("www"), 1, compiler(fpm));
    await until(
      async () => (await readOpcache(fpm.pool("www").address, opcache)).opcache_full === 1,
      () => "OPcache is not full",
    );
    const found = await examineOne(fpm, fpm.pool("www").address, { opcache });
    expect(findingOf(found, "opcache_full")).toMatchObject({
      title: "OPcache is full",
      change: expect.stringMatching(
        /^raise opcache\.memory_consumption\b.* in php\.ini, then restart/,
      ),
    });
  });

  it("says that it was full and emptied itself", async () => {
    const fpm = await startPools({ pools: [pool], ini });
    const opcache = install(fpm);
    // Scripts that have changed waste memory, until OPcache begins anew.
    const compile = compiler(fpm, "foreach ($files as $file) { opcache_invalidate($file, true); }");
    await until(
      async () => {
        await ask(fpm.pool("www"), 1, compile);
        const status = await readOpcache(fpm.pool("www").address, opcache);
        return (status.opcache_out_of_memory_restarts_total ?? 0) > 0;
      },
      () => "OPcache has not emptied itself",
    );
    const found = await examineOne(fpm, fpm.pool("www").address, { opcache });
    expect(findingOf(found, "opcache_restarts").title).toMatch(
      /^OPcache was full and emptied itself \d+ times?$/,
    );
  });

  it("says that it is off, and what it could not ask", async () => {
    const extra = { "php_admin_flag[opcache.enable]": "off" };
    const fpm = await startPools({ pools: [{ ...pool, extra }] });
    const off = await examineOne(fpm, fpm.pool("www").address, { opcache: install(fpm) });
    expect(findingOf(off, "opcache_off").line).toBeGreaterThan(1);
    const missing = await examineOne(fpm, fpm.pool("www").address, { opcache: "/no/opcache.php" });
    expect(missing.notLookedAt).toMatchObject([{ what: "OPcache" }]);
    expect(missing.verdict).toBe("healthy");
  });
});
