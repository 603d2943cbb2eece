import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { opcacheFields, readOpcache } from "../../src/phpfpm/opcache.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";

const script = fileURLToPath(new URL("../../php/opcache.php", import.meta.url));

describeWith(["php-fpm"], "the script for OPcache", () => {
  let fpm: PhpFpm;
  let installed: string;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 1, listen: "unix" } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "on", extra: { "php_admin_value[opcache.enable]": "1" } },
        { ...common, name: "off", extra: { "php_admin_flag[opcache.enable]": "off" } },
        {
          ...common,
          name: "restricted",
          extra: { "php_admin_value[opcache.restrict_api]": "/no" },
        },
      ],
    });
    installed = join(fpm.folder, "fcgi-probe-opcache.php");
    copyFileSync(script, installed);
  });
  afterAll(() => fpm.stop());
  const read = (pool: string, path = installed) => readOpcache(fpm.pool(pool).address, path);

  it("tells every field of the table that this PHP knows", async () => {
    const status = await read("on");
    expect(status).toMatchObject({ opcache_enabled: 1, opcache_full: 0 });
    const jit = /^opcache_jit/;
    const expected = Object.keys(opcacheFields).filter((name) => !jit.test(name));
    expect(Object.keys(status).filter((name) => !jit.test(name))).toEqual(expected);
    expect(status.opcache_memory_used_bytes).toBeGreaterThan(0);
    expect(status.realpath_cache_limit_bytes).toBe(4 * 1024 ** 2);
  });

  it("counts the scripts that the pool has run", async () => {
    const before = await read("on");
    // The first run compiles the script, the second one finds it.
    for (let run = 0; run < 2; run++) {
      const response = await gatewayFetch(
        `unix:${fpm.pool("on").bareAddress}`,
        new Request("http://localhost/"),
        { scriptFilename: phpScript("headers.php") },
      );
      await response.arrayBuffer();
    }
    const after = await read("on");
    expect(after.opcache_scripts).toBeGreaterThan(before.opcache_scripts ?? Number.NaN);
    expect(after.opcache_misses_total).toBeGreaterThan(before.opcache_misses_total ?? Number.NaN);
    expect(after.opcache_hits_total).toBeGreaterThan(before.opcache_hits_total ?? Number.NaN);
  });

  it.each(["off", "restricted"])("says that it is not available: %s", async (pool) => {
    const status = await read(pool);
    expect(status.opcache_enabled).toBe(0);
    expect(status.realpath_cache_used_bytes).toBeGreaterThanOrEqual(0);
  });

  it("is an error when it is not installed, or is another script", async () => {
    await expect(read("on", "/nowhere/opcache.php")).rejects.toMatchObject({
      code: "page_not_found",
      address: fpm.pool("on").address,
      hint: expect.stringContaining("php/opcache.php"),
    });
    await expect(read("on", phpScript("echo.php"))).rejects.toMatchObject({
      code: "not_a_status_page",
    });
    const wrong = join(fpm.folder, "wrong.php");
    writeFileSync(wrong, '<?php echo \'{"opcache_enabled":1,"opcache_scripts":"many"}\';');
    await expect(read("on", wrong)).rejects.toMatchObject({
      message: expect.stringContaining('opcache_scripts is "many"'),
    });
  });
});
