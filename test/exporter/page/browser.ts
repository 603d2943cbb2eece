import { type Browser, chromium, type Page } from "playwright-core";
import { requireServer } from "../../harness/servers.js";

/** Starts Chromium without a window. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: requireServer("chromium"),
    // Chromium refuses its sandbox to root, as which the tests run in CI.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
}

/** What a page requested and complained about. */
export interface Observed {
  readonly requests: string[];
  readonly errors: string[];
}

/** Notes every request of a page, and every error in its console. */
export function observe(page: Page): Observed {
  const requests: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => void requests.push(request.url()));
  page.on("pageerror", ({ message }) => void errors.push(message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return { requests, errors };
}
