import { mkdirSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { gatewayFetch } from "../../../src/client/fetch.js";
import { createExporter, type ExporterOptions } from "../../../src/exporter/create-exporter.js";
import { kindOf, type ScrapeTarget, targetDefaults } from "../../../src/exporter/target.js";
import { encodeEndRequest } from "../../../src/fastcgi/encode.js";
import { RecordType } from "../../../src/fastcgi/protocol.js";
import { serve } from "../../../src/server/serve.js";
import { describeWith } from "../../harness/describe-with.js";
import { answering, startFakeServer } from "../../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../../harness/php-fpm.js";
import { observe, startBrowser } from "./browser.js";

function target(address: string, more: Partial<ScrapeTarget> = {}): ScrapeTarget {
  return { ...targetDefaults, address, kind: kindOf(address), source: "the test", ...more };
}

describeWith(["chromium", "php-fpm"], "the page of an exporter", () => {
  let fpm: PhpFpm;
  let browser: Browser;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 4, listen: "unix" } as const;
    [fpm, browser] = await Promise.all([
      startPhpFpm({
        pools: [
          { ...common, name: "shop" },
          { ...common, name: "blog" },
          { ...common, name: "held", statusListen: true },
          { ...common, name: "full", maxChildren: 1 },
        ],
      }),
      startBrowser(),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await fpm.stop();
  });

  /** Opens the page of an exporter of these targets. */
  async function open(
    targets: readonly ScrapeTarget[],
    options: Partial<ExporterOptions> = {},
    view: { width?: number; colorScheme?: "light" | "dark" } = {},
  ) {
    const exporter = createExporter({ targets, ...options });
    const server = await serve(exporter, { listen: "http://127.0.0.1:0" });
    const context = await browser.newContext({
      viewport: { width: view.width ?? 1_100, height: 700 },
      colorScheme: view.colorScheme ?? "light",
    });
    const page = await context.newPage();
    onTestFinished(async () => {
      await context.close();
      exporter.close();
      await server.close(0);
    });
    const observed = observe(page);
    const prefix = options.routePrefix ?? "";
    const origin = server.address.replace(/\/$/, "");
    await page.goto(`${origin}${prefix}/`);
    await page.waitForSelector("#targets li");
    return { page, origin, server, observed };
  }

  const names = (page: Page) => page.locator("#targets li:visible .name").allTextContents();

  it("shows sick targets first, with what is wrong and what to do", async () => {
    const [held, full] = [fpm.pool("held"), fpm.pool("full")];
    const sockets = Array.from({ length: 6 }, () => connect(held.endpoint));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    for (let count = 0; count < 2; count++) {
      gatewayFetch(full.bareAddress, new Request("http://localhost/sleep.php?ms=90000"), {
        scriptFilename: phpScript("sleep.php"),
        timeout: 100_000,
      }).catch(() => {});
    }
    const configuration = {
      name: "held",
      listen: `unix:${held.bareAddress}`,
      statusListen: `unix:${held.statusListenBareAddress}`,
      statusPath: held.statusPath,
    } as ScrapeTarget["configuration"];
    const { page, observed, origin } = await open([
      target(fpm.pool("shop").address, { labels: { site: "shop.example" } }),
      target(`unix:${fpm.pool("blog").bareAddress}:/off`),
      target(held.address, { configuration }),
      target(full.address, { timeout: 500 }),
      target(`unix:${join(fpm.folder, "nowhere.sock")}:/status`),
    ]);
    const words = page.locator("#targets .badge");
    await page.waitForFunction(() => /saturated.*silent/.test(document.body.innerText));
    expect(await words.allTextContents()).toEqual([
      ...["down", "saturated", "silent clients", "misconfigured", "ok"],
    ]);
    const [dead, busy, silent, off, fine] = await page.locator("#targets button").allInnerTexts();
    expect(dead).toContain("hint: no socket is at this path");
    expect(busy).toMatch(/1 connection waits.* hint: .*fcgi-probe doctor TARGET/);
    expect(silent).toMatch(/2 clients wait beside 4 idle.* hint: fcgi-probe doctor TARGET/);
    expect(off).toContain("set pm.status_path");
    expect(fine).toContain("site=shop.example");
    expect(await page.textContent("#summary")).toBe(
      "5 targets, 1 down, 1 saturated, 1 silent clients, 1 misconfigured",
    );
    expect(await page.title()).toBe("(4) fcgi-probe");
    expect(observed.errors).toEqual([]);
    expect(observed.requests.filter((url) => !url.startsWith(origin))).toEqual([]);
  });

  it("shows a pool's processes on a click, grouped by script, and lives", async () => {
    const { page } = await open([target(fpm.pool("blog").address)]);
    const slow = gatewayFetch(
      `unix:${fpm.pool("blog").bareAddress}`,
      new Request("http://localhost/sleep.php?ms=5000"),
      { scriptFilename: phpScript("sleep.php") },
    );
    await page.click("#targets button");
    await page.waitForSelector(".detail table >> text=/sleep\\.php/");
    expect(await page.locator("caption").allTextContents()).toEqual([
      expect.stringMatching(/^\d running, by script$/),
      "processes, the longest request first",
    ]);
    expect(await page.locator(".detail tbody tr").first().innerText()).toContain("sleep.php");
    const before = await page.locator(".spark polyline").getAttribute("points");
    await page.waitForFunction(
      (points) => document.querySelector(".spark polyline")?.getAttribute("points") !== points,
      before,
    );
    await page.keyboard.press("Escape");
    expect(await page.locator(".detail").count()).toBe(0);
    await (await slow).arrayBuffer();
  });

  it("is used by the keyboard alone, and filters by typing", async () => {
    const { page } = await open([
      target(fpm.pool("shop").address),
      target(fpm.pool("blog").address),
    ]);
    await page.waitForSelector("#targets li:nth-child(2)");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const focused = () =>
      page.evaluate(() => document.activeElement?.querySelector(".name")?.textContent);
    expect(await focused()).toBe("shop");
    await page.keyboard.press("Home");
    expect(await focused()).toBe("blog");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".detail table");
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await page.keyboard.type("SHO ok");
    expect(await names(page)).toEqual(["shop"]);
    await page.keyboard.type("x");
    expect(await page.isVisible("#empty")).toBe(true);
    await page.keyboard.press("Escape");
    expect(await names(page)).toEqual(["blog", "shop"]);
  });

  it("fits 360 pixels, light and dark", async () => {
    const targets = [
      target(fpm.pool("shop").address),
      target(`unix:/run/${"a-long-folder/".repeat(6)}x.sock:/status`),
    ];
    const grounds: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await open(targets, {}, { width: 360, colorScheme });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(360);
      grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    expect(grounds).toEqual(["rgb(251, 251, 249)", "rgb(21, 24, 28)"]);
  });

  it("shows what a pool says as text", async () => {
    const markup = '<img src=x onerror="document.title=1">\u202e';
    const page = [
      `pool: ${markup}`,
      "process manager: static",
      "accepted conn: 1",
      "idle processes: 0",
      "active processes: 1",
      "total processes: 1",
      "",
      "************************",
      "pid: 7",
      "state: Running",
      "start time: 20/Nov/2026:10:00:00 +0000",
      "start since: 1",
      "requests: 1",
      "request duration: 1000",
      "request method: GET",
      `request URI: /${markup}`,
      "content length: 0",
      "user: -",
      `script: ${markup}`,
      "last request cpu: 0.00",
      "last request memory: 0",
    ].join("\n");
    const body = Buffer.from(`Content-Type: text/plain\r\n\r\n${page}\n`);
    const record = Buffer.from([
      1,
      RecordType.Stdout,
      0,
      1,
      body.length >> 8,
      body.length & 255,
      0,
      0,
    ]);
    const fake = await startFakeServer(
      answering(Buffer.concat([record, body, encodeEndRequest(1, 0, 0)])),
    );
    onTestFinished(() => fake.stop());
    const opened = await open([target(fake.address)]);
    await opened.page.click("#targets button");
    await opened.page.waitForSelector(".detail table");
    expect(await opened.page.locator("img").count()).toBe(0);
    expect(await opened.page.title()).toBe("fcgi-probe");
    expect(await names(opened.page)).toEqual([markup.replace("\u202e", "\ufffd")]);
    expect(opened.observed.errors).toEqual([]);
  });

  it("works for 2,000 pools, below a prefix", async () => {
    const folder = join(fpm.folder, "many");
    mkdirSync(folder);
    const targets = Array.from({ length: 2_000 }, (_, index) => {
      const path = join(folder, `${index}.sock`);
      symlinkSync(fpm.pool(index % 2 === 0 ? "shop" : "blog").bareAddress, path);
      return target(`unix:${path}:/status`);
    });
    const { page, observed } = await open(targets, { routePrefix: "/php" });
    await page.waitForFunction(() => document.querySelectorAll("#targets li").length === 2_000);
    await page.fill("#filter", "/1234.sock");
    expect(await page.locator("#targets li:visible").count()).toBe(1);
    expect(observed.errors).toEqual([]);
  }, 60_000);

  it("says so when the exporter is gone", async () => {
    const { page, server } = await open([target(fpm.pool("shop").address)]);
    await server.close(0);
    await page.waitForSelector("#failure:visible");
    expect(await page.textContent("#failure")).toMatch(/^No answer from the exporter/);
  });

  it("forbids everything that is not its own", async () => {
    const { origin } = await open([target(fpm.pool("shop").address)]);
    const response = await fetch(`${origin}/`);
    expect(response.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/,
    );
    const html = await response.text();
    expect(html).not.toMatch(/ style=| on[a-z]+=|https?:/);
  });
});
