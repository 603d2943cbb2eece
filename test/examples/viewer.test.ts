import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDescriber } from "../../src/describe/create-describer.js";
import { exchange, ipv4, pcap } from "../capture/packets.js";
import { type Observed, observe, startBrowser } from "../exporter/page/browser.js";
import { join, record } from "../fastcgi/records-of.js";
import { fixture } from "../fixtures.js";
import { describeWith } from "../harness/describe-with.js";

const root = new URL("../../", import.meta.url);
const types = new Map([
  [".html", "text/html"],
  [".js", "text/javascript"],
]);

/** Serves the repository, as any server of files does. */
function startFiles(): Promise<Server> {
  const server = createServer(({ url = "/" }, response) => {
    const path = url.endsWith("/") ? `${url}index.html` : url;
    try {
      const bytes = readFileSync(new URL(`.${new URL(path, "http://h").pathname}`, root));
      response.setHeader("content-type", types.get(extname(path)) ?? "application/octet-stream");
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex").replace(/../g, "$& ");

function linesOf(bytes: Uint8Array): string[] {
  const describer = createDescriber();
  return [...describer.push(bytes), ...describer.end()].map((line) => line.trim());
}

describeWith(["chromium"], "examples/viewer", () => {
  let files: Server;
  let browser: Browser;
  let page: Page;
  let observed: Observed;
  beforeAll(async () => {
    [files, browser] = await Promise.all([startFiles(), startBrowser()]);
    page = await browser.newPage({ colorScheme: "light" });
    observed = observe(page);
    await page.goto(`http://127.0.0.1:${(files.address() as AddressInfo).port}/examples/viewer/`);
  });
  afterAll(async () => {
    await browser?.close();
    files?.close();
  });

  /** The lines of the page, those in closed details included, once the page has counted them. */
  async function shown(count: number): Promise<string[]> {
    await page
      .getByRole("status")
      .filter({ hasText: `${count} lines` })
      .waitFor();
    const texts = await page
      .locator("#records > li:not(:has(details)), #records summary, #records ul > li")
      .allTextContents();
    return texts.map((text) => text.trim());
  }

  it.each([
    "nginx-fpm--post--001.c2s",
    "apache-fpm--post--001.s2c",
    "nginx-scgi--post--001.c2s",
    "nginx-uwsgi--get--001.c2s",
  ])("shows a file of %s as decode does", async (name) => {
    const bytes = fixture(`wire/${name}.bin`);
    const expected = linesOf(bytes);
    const file = { name: "capture.bin", mimeType: "", buffer: Buffer.from(bytes) };
    await page.setInputFiles("#file", file);
    expect(await shown(expected.length)).toEqual(expected);
  });

  it("shows a capture of packets that is dropped", async () => {
    const wire = (side: string) => fixture(`wire/apache-fpm--post--001.${side}.bin`);
    const bytes = pcap(exchange(wire("c2s"), wire("s2c")).map(ipv4));
    const data = await page.evaluateHandle(
      (content) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(content)], "x.pcap"));
        return transfer;
      },
      [...bytes],
    );
    await page.dispatchEvent("body", "drop", { dataTransfer: data });
    const lines = await shown(linesOf(bytes).length);
    expect(lines[0]).toBe("#1 10.0.0.1:40000 > 10.0.0.2:9000  FastCGI");
    expect(lines.filter((line) => line.includes("END_REQUEST"))).toHaveLength(1);
  });

  it("is used by keys: hex, its button, and the variables of a record", async () => {
    const bytes = fixture("wire/nginx-fpm--get--001.c2s.bin");
    await page.locator("#hex").fill(hexOf(bytes));
    await page.locator("#hex").focus();
    for (const key of ["Tab", "Tab", "Enter"]) await page.keyboard.press(key);
    await shown(linesOf(bytes).length);
    const variable = page.getByText("REQUEST_METHOD = GET", { exact: true });
    expect(await variable.isVisible()).toBe(false);
    for (const key of ["Tab", "Enter"]) await page.keyboard.press(key);
    await variable.waitFor({ state: "visible", timeout: 5_000 });
  });

  it("shows errors with their offsets, after what is right", async () => {
    const show = async (bytes: Uint8Array | string) => {
      await page.locator("#hex").fill(typeof bytes === "string" ? bytes : hexOf(bytes));
      await page.getByRole("button", { name: "Show the hex" }).click();
    };
    const alert = page.getByRole("alert");
    await show(join(record(6, 1, "good"), Uint8Array.of(9, 9, 9, 9)));
    await alert.filter({ hasText: /^malformed: .* \(at byte 16\)$/ }).waitFor();
    expect(await shown(1)).toEqual([expect.stringContaining('"good"')]);
    await show("01 0");
    await alert.filter({ hasText: "this is not hex" }).waitFor();
  });

  it("makes no markup of bytes, and loads nothing from elsewhere", async () => {
    const hostile = '<img src=x onerror="document.title=1">\x1b[2J';
    const bytes = join(record(6, 1, hostile), record(4, 1, `\x01\x26A${hostile.slice(0, 38)}`));
    await page.locator("#hex").fill(hexOf(bytes));
    await page.getByRole("button", { name: "Show the hex" }).click();
    const lines = await shown(3);
    expect(lines[0]).toContain("<img src=x onerror=");
    expect(lines[0]).toContain("\\x1b[2J");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).toBe("Captures of FastCGI, SCGI and uwsgi");
    const origin = new URL(page.url()).origin;
    expect(observed.requests.filter((url) => !url.startsWith(origin))).toEqual([]);
    expect(observed.errors.filter((error) => !error.includes("404"))).toEqual([]);
  });

  it("is light or dark, as the reader's system is", async () => {
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await background()).toBe("rgb(255, 255, 255)");
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).toBe("rgb(13, 17, 23)");
  });
});
