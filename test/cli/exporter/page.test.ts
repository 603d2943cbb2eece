import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { observe, startBrowser } from "../../exporter/page/browser.js";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../../harness/php-fpm.js";
import { makeCertificates } from "../../web/certificates.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

const DEAD = "127.0.0.1:1/status";
const BACKLOG = 7;

describeWith(["chromium", "php-fpm"], "the page of the running exporter", () => {
  let fpm: PhpFpm;
  let browser: Browser;
  beforeAll(async () => {
    [fpm, browser] = await Promise.all([
      startPhpFpm({
        pools: [{ name: "shop", pm: "static", maxChildren: 3, listen: "unix", backlog: BACKLOG }],
      }),
      startBrowser(),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await fpm?.stop();
  });

  /** Opens the page, uses it, and checks that it asked nobody else and complained about nothing. */
  async function use(
    { url }: RunningExporter,
    protocol: "http/1.1" | "h2",
    context: Parameters<Browser["newContext"]>[0] = {},
  ) {
    const tab = await browser.newContext({ ...context, viewport: { width: 1_100, height: 700 } });
    try {
      const page = await tab.newPage();
      const observed = observe(page);
      await page.goto(`${url}/`);
      await page.waitForSelector("#targets li:nth-child(2)");
      expect(await page.locator("#targets li").first().innerText()).toContain(DEAD);
      expect(await page.locator("#targets .name").allTextContents()).toContain("shop");
      const row = page.locator("#targets li:nth-child(2) button");
      const cell = (label: string) => row.locator(`[data-label="${label}"]`).innerText();
      // The limits come from php-fpm's configuration. The worker that answers is busy.
      await expect.poll(() => cell("busy"), { timeout: 10_000 }).toBe("1/3");
      expect(await cell("idle")).toBe("2");
      expect(await cell("queue")).toBe(`0/${BACKLOG}`);
      expect(await row.locator(".map").innerText()).toHaveLength(3);
      await row.click();
      await page.waitForSelector(".detail table");
      const points = () => page.locator(".spark polyline").first().getAttribute("points");
      const before = await points();
      await expect.poll(points, { timeout: 10_000 }).not.toBe(before);
      const used = () => performance.getEntriesByType("navigation")[0]?.toJSON().nextHopProtocol;
      expect(await page.evaluate(used)).toBe(protocol);
      expect(observed.errors).toEqual([]);
      expect(observed.requests.length).toBeGreaterThan(4);
      for (const request of observed.requests) expect(request).toMatch(`${url}/`);
    } finally {
      await tab.close();
    }
  }

  it("is there by HTTP", async () => {
    await using exporter = await startExporter([fpm.pool("shop").address, DEAD]);
    await use(exporter, "http/1.1");
  });

  it("is there by HTTP/2 over TLS, with a password", async () => {
    const { folder } = makeCertificates();
    const file = join(folder, "web.yml");
    const tls = "tls_server_config: { cert_file: server.crt, key_file: server.key }\n";
    writeFileSync(file, `${tls}basic_auth_users: { alice: "${hashSync("secret", 5)}" }\n`);
    await using exporter = await startExporter([
      `--web.config.file=${file}`,
      fpm.pool("shop").address,
      DEAD,
    ]);
    const url = exporter.url.replace("http:", "https:");
    const httpCredentials = { username: "alice", password: "secret" };
    const tab = { ignoreHTTPSErrors: true };
    await use({ ...exporter, url }, "h2", { ...tab, httpCredentials });
    const stranger = await browser.newContext(tab);
    const answer = await stranger.request.get(`${url}/`);
    expect(answer.status()).toBe(401);
    await stranger.close();
  });
});
