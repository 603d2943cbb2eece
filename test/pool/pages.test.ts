import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Variable, Variables } from "../../src/cgi/variables.js";
import { PoolScoreboard } from "../../src/pool/scoreboard/scoreboard.js";
import { SlotWriter } from "../../src/pool/scoreboard/slot-writer.js";
import { pageFor } from "../../src/pool/status-pages.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import type { StatusFormat } from "../../src/status-page/write-page.js";
import { bytes } from "../bytes.js";
import { describeWith } from "../harness/describe-with.js";

const pages = { statusPath: "/status", pingPath: "/ping", pingResponse: "pong" };

let board: PoolScoreboard;
beforeEach(() => {
  board = PoolScoreboard.create();
});
afterEach(() => board.close());

/** The page for a request: `status`, `ping`, or none. */
async function pageOf(variables: Record<string, string>): Promise<string | undefined> {
  const page = pageFor(new Variables(Object.entries(variables)), board, pages);
  const text = await page?.text();
  return text?.startsWith("pool:") ? "status" : text;
}

describe("the pool's pages are at their paths,", () => {
  it.each([
    { SCRIPT_NAME: "/status" },
    { SCRIPT_NAME: "/status", REQUEST_URI: "/status?json" },
    { SCRIPT_NAME: "/status", REQUEST_URI: "" },
    { PATH_INFO: "/status", REQUEST_URI: "/status" },
    { REQUEST_URI: "/status?full" },
  ])("%j", async (variables) => {
    expect(await pageOf(variables)).toBe("status");
  });

  it.each([
    ["/%73tatus", "/status"],
    ["/x/../status", "/status"],
    ["/./status", "/status"],
    ["//status", "/status"],
    ["/x%2f..%2fstatus", "/status"],
    ["/status/", "/status"],
    ["/status%00", "/status"],
    ["/status", "/application"],
    ["/rewritten", "/status"],
    ["/status;x", "/status"],
  ])("and not where a client writes %s and the front end %s", async (uri, script) => {
    expect(await pageOf({ REQUEST_URI: uri, SCRIPT_NAME: script })).toBeUndefined();
    expect(await pageOf({ REQUEST_URI: uri, PATH_INFO: script })).toBeUndefined();
  });

  it("nor is the ping page", async () => {
    const ping = { SCRIPT_NAME: "/ping", REQUEST_URI: "/ping" };
    expect(await pageOf(ping)).toBe("pong");
    expect(await pageOf({ ...ping, REQUEST_URI: "/%70ing" })).toBeUndefined();
    expect(await pageOf({ ...ping, REQUEST_URI: "/x/../ping" })).toBeUndefined();
  });
});

/** Texts of a request in the bytes that a client sent, and their form on the pages. */
const texts = [
  ["an accent", "caf\xc3\xa9", "café"],
  ["an emoji", "\xf0\x9f\x98\x80", "😀"],
  ["what is no UTF-8", "\xff\xc3", "%FF%C3"],
  ["noncharacters", "\xef\xbf\xbe\xef\xbf\xbf", "\ufffe\uffff"],
  ["a control character in two bytes", "\xc2\x9b2J", "%C2%9B2J"],
  ["a line end of Unicode's", "\xe2\x80\xa8x", "\u2028x"],
] as const;

/** A page with one request on it. */
async function pageWith(value: string, format: StatusFormat): Promise<Uint8Array> {
  const request: Variable[] = [
    ["REQUEST_METHOD", "GET"],
    ["SCRIPT_NAME", bytes(`/${value}`)],
    ["QUERY_STRING", bytes(`q=${value}`)],
    ["REMOTE_USER", bytes(value)],
    ["SCRIPT_FILENAME", bytes(`/www/${value}`)],
  ];
  board.writeHeader({
    ...{ pool: "shop", processManager: "static", startTime: 0, pastRequests: 0, pastSlow: 0 },
    ...{ maxActive: 0, maxChildrenReached: 0, listenQueue: 0, maxListenQueue: 0 },
    ...{ listenQueueLen: 0, slots: 1 },
  });
  new SlotWriter(board.descriptor, 0, 1).begin(new Variables(request));
  const query = new Variables([
    ["SCRIPT_NAME", "/status"],
    ["QUERY_STRING", `full&${format}`],
  ]);
  return new Uint8Array((await pageFor(query, board, pages)?.arrayBuffer()) ?? []);
}

const escaped = (text: string, characters: RegExp) => text.replace(characters, encodeURIComponent);

describe.each(texts)("the status page shows %s, in UTF-8,", (_, value, shown) => {
  const plain = escaped(shown, /\u2028/g);
  const markup = escaped(plain, /[\ufffe\uffff]/g);

  it("as text", async () => {
    const page = Buffer.from(await pageWith(value, "text")).toString();
    expect(page).toContain(`request URI:          /${plain}?q=${plain}\n`);
    expect(page).toContain(`user:                 ${plain}\nscript:               /www/${plain}\n`);
  });

  it("as JSON", async () => {
    const page = JSON.parse(Buffer.from(await pageWith(value, "json")).toString());
    expect(page.processes[0]).toMatchObject({
      "request uri": `/${shown}?q=${shown}`,
      user: shown,
      script: `/www/${shown}`,
    });
  });

  it.each(["xml", "html"] as const)("as %s", async (format) => {
    const page = Buffer.from(await pageWith(value, format)).toString();
    expect(page).toContain(`/${markup}?q=${markup}<`);
    expect(page).toContain(`>${markup}<`);
    expect(page).not.toMatch(/[\x80-\x9f\ufffe\uffff]/);
  });

  it("as OpenMetrics, which has no processes", async () => {
    const page = Buffer.from(await pageWith(value, "openmetrics")).toString();
    expect(page).toMatch(/\n# EOF\n$/);
    expect(page).not.toContain(shown);
  });

  it.each(["text", "json", "xml"] as const)("and is read again from %s", async (format) => {
    const [process] = parseStatusPage(await pageWith(value, format)).processes ?? [];
    const expected = { json: shown, xml: markup, text: plain }[format];
    expect(process).toMatchObject({
      requestUri: `/${expected}?q=${expected}`,
      user: expected,
      script: `/www/${expected}`,
    });
  });
});

describeWith(["python3"], "an XML reader that is not ours", () => {
  it.each(texts)("takes the status page with %s", async (_, value) => {
    for (const format of ["xml", "html"] as const) {
      const input = await pageWith(value, format);
      const read = "import sys, xml.dom.minidom as m; m.parse(sys.stdin.buffer); print('well')";
      expect(execFileSync("python3", ["-c", read], { input }).toString()).toBe("well\n");
    }
  });
});
