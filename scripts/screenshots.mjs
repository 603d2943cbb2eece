// Makes docs/exporter-page-light.png and docs/exporter-page-dark.png: the page of an exporter that
// reads real pools, of which one is saturated, one is held by silent clients, and one is dead.
// Needs php-fpm and Chromium.
import { copyFileSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { loadHarness } from "./harness.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const load = (name) => import(pathToFileURL(join(root, "dist", name)).href);
/** Seconds of work before the pictures: long enough for the charts to show something. */
const WORK = 40;

const { findServer, startPhpFpm } = await loadHarness();
const { createExporter } = await load("exporter.js");
const { gatewayFetch } = await load("index.js");
const { serve } = await load("server.js");

const names = ["shop", "blog", "intranet", "api", "webmail"];
const common = { pm: "static", maxChildren: 8, listen: "unix", statusListen: true };
const fpm = await startPhpFpm({ pools: names.map((name) => ({ ...common, name })) });
for (const script of ["index.php", "checkout.php"]) {
  copyFileSync(join(root, "test", "harness", "www", "sleep.php"), join(fpm.folder, script));
}
const targets = [...names, "legacy"].map((name) => {
  const pool = names.includes(name) ? fpm.pool(name) : undefined;
  return {
    address: pool?.address ?? `unix:${fpm.folder}/${name}.sock:/status`,
    kind: "phpfpm",
    labels: { site: `${name}.example.org` },
    timeout: 1_000,
    processes: 64,
    source: "screenshots",
    configuration: pool && {
      name,
      listen: `unix:${pool.bareAddress}`,
      maxChildren: 8,
      statusListen: `unix:${pool.statusListenBareAddress}`,
      statusPath: pool.statusPath,
    },
  };
});
const exporter = createExporter({ targets });
const server = await serve(exporter, { listen: "http://127.0.0.1:0" });
const stop = new AbortController();

/** Keeps requests running in a pool, `count` at once. */
async function work(name, count, milliseconds, script = "index.php") {
  const line = async () => {
    while (!stop.signal.aborted) {
      const time = milliseconds * (0.5 + Math.random());
      const url = `http://${name}.example.org/${script}?ms=${Math.round(time)}`;
      const response = await gatewayFetch(`unix:${fpm.pool(name).bareAddress}`, new Request(url), {
        scriptFilename: join(fpm.folder, script),
        signal: stop.signal,
      });
      await response.arrayBuffer();
      await sleep(Math.random() * milliseconds);
    }
  };
  await Promise.allSettled(Array.from({ length: count }, line));
}

const jobs = [
  work("shop", 16, 4_000, "checkout.php"),
  work("shop", 3, 2_000),
  work("blog", 3, 500),
  work("intranet", 1, 200),
  work("api", 6, 700),
];
const silent = Array.from({ length: 11 }, () => connect(fpm.pool("webmail").endpoint));
const renew = setInterval(() => {
  silent.push(...Array.from({ length: 3 }, () => connect(fpm.pool("webmail").endpoint)));
}, 2_000);

const browser = await chromium.launch({
  executablePath: findServer("chromium"),
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  mkdirSync(join(root, "docs"), { recursive: true });
  const pages = await Promise.all(
    ["light", "dark"].map(async (colorScheme) => {
      const context = await browser.newContext({
        viewport: { width: 1_100, height: 760 },
        colorScheme,
      });
      const page = await context.newPage();
      await page.goto(`${server.address.replace(/\/$/, "")}/`);
      return { colorScheme, page };
    }),
  );
  await sleep(WORK * 1_000);
  for (const { colorScheme, page } of pages) {
    for (const badge of ["saturated", "silent clients", "down"]) {
      await page.getByText(badge, { exact: true }).first().waitFor();
    }
    await page.click("button:has-text('shop')");
    await page.waitForSelector(".detail table");
    await page.screenshot({ path: join(root, "docs", `exporter-page-${colorScheme}.png`) });
  }
} finally {
  stop.abort();
  clearInterval(renew);
  for (const socket of silent) socket.destroy();
  await browser.close();
  await Promise.all(jobs);
  exporter.close();
  await server.close(0);
  await fpm.stop();
}
