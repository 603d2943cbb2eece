import { describe, expect, it } from "vitest";
import { fetchServerStatusPage } from "../../src/apache/fetch/fetch-status.js";
import { scoreboardStates } from "../../src/apache/page/scoreboard.js";
import { statusFields } from "../../src/apache/page/status-fields.js";
import { parseServerStatus } from "../../src/apache/page/text-page.js";
import { loadModule, startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";
import { freePort } from "../harness/ports.js";
import { blocksOf, readPage, tableBelow } from "./pages.js";

const page = readPage("docs/apache.md");
const codesOf = (cell = ""): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

describe("docs/apache.md", () => {
  it("explains every letter of the scoreboard", () => {
    const rows = tableBelow(page, "The scoreboard").flatMap(([cell]) => codesOf(cell));
    expect(rows).toEqual(scoreboardStates.map(({ letter }) => letter));
  });

  it("says of keys that httpd has since when", () => {
    const keys = tableBelow(page, "What the page has, by version").flatMap(([cell]) =>
      codesOf(cell),
    );
    const known: readonly string[] = statusFields.map(({ key }) => key);
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !known.includes(key))).toEqual([]);
  });
});

describeWith(["apache2"], "the configurations of docs/apache.md", () => {
  it("are ones that httpd takes, and its page then answers", async () => {
    const port = await freePort();
    const blocks = blocksOf(page).filter(({ language }) => language === "apache");
    expect(blocks).toHaveLength(3);
    const apache = await startApache({
      mpm: "event",
      extra: [
        ...["mod_authz_host", "mod_proxy", "mod_proxy_fcgi"].flatMap(loadModule),
        ...blocks.flatMap(({ text }) => text.replaceAll("8181", String(port)).split("\n")),
      ],
    });
    try {
      for (const url of [apache.url, `http://127.0.0.1:${port}`]) {
        const answer = await fetchServerStatusPage(`${url}/server-status?auto`);
        expect(parseServerStatus(answer.page).serverMpm).toBe("event");
      }
    } finally {
      await apache.stop();
    }
  });
});
