import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { parseServerStatusHtml } from "../../src/apache/page/html-page.js";
import type { ProcessInfo } from "../../src/apache/processes/process-table.js";
import { FakeTable, processOf } from "../apache/fake-processes.js";
import { fixture } from "../apache/fixtures.js";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

export interface Pages {
  /** The body of `/server-status?auto`. */
  readonly auto?: Uint8Array | string;
  /** The body of `/server-status`. */
  readonly html?: Uint8Array | string;
  /** The status code of both. Default: 200. */
  readonly status?: number;
  /** Never answers. */
  readonly silent?: boolean;
  /** Called with every URL that is requested. */
  readonly onRequest?: (url: string) => unknown;
}

/** Serves status pages until the test ends. Returns the URL of the HTML page. */
export async function servePages(pages: Pages): Promise<string> {
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    pages.onRequest?.(url);
    if (pages.silent) return;
    const page = url.includes("?auto") ? pages.auto : pages.html;
    const isHere = url.startsWith("/server-status") && page !== undefined;
    response.writeHead(isHere ? (pages.status ?? 200) : 404);
    response.end(isHere ? page : "Not Found");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/server-status`;
}

/**
 * Both captured pages of a state, such as `prefork-idle`. Their pids are made larger than any that
 * Linux gives to a process, so that no fault in a test kills a real one.
 */
export function captured(state: string): { auto: Uint8Array; html: Uint8Array } {
  const html = Buffer.from(fixture(`${state}--html.html`)).toString("latin1");
  const harmless = html.replace(/(<td><b>\d+-\d+<\/b><\/td><td>)(\d{5})</g, "$150$2<");
  return { auto: fixture(`${state}--auto.txt`), html: Buffer.from(harmless, "latin1") };
}

export const MASTER = 5_000_100;

/** The processes of the httpd whose page it is, each with the given memory. */
export function processesOf(html: Uint8Array, rss: (index: number) => number): FakeTable {
  const pids = new Set(parseServerStatusHtml(html).rows.flatMap(({ pid }) => pid ?? []));
  return new FakeTable([
    processOf(MASTER, { parentPid: 1 }),
    ...[...pids].map((pid, index) => childOf(pid, { rss: rss(index) })),
  ]);
}

/** A process that the master has started. */
export function childOf(pid: number, more: Partial<ProcessInfo> = {}): ProcessInfo {
  return processOf(pid, { parentPid: MASTER, ...more });
}

/** A daemon of mod_wsgi. */
export function daemonOf(pid: number, group: string, rss: number): ProcessInfo {
  return childOf(pid, { rss, title: `(wsgi:${group})`, threads: 3 });
}
