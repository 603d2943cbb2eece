import { afterAll, beforeAll, expect, it } from "vitest";
import { channelsTo, targetAddress } from "../../src/client/connect.js";
import { fetchPage } from "../../src/phpfpm/fetch-page.js";
import { cgiFcgiPage, splitResponse } from "../harness/cgi-fcgi.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describeWith(["php-fpm", "cgi-fcgi"], "fetchPage from a real pool", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "unix", pm: "static", maxChildren: 4, listen: "unix" },
        { name: "tcp", pm: "static", maxChildren: 2, listen: "tcp" },
      ],
    });
  });
  afterAll(() => fpm.stop());

  it.each(["unix", "tcp"])("reads what cgi-fcgi reads, over %s", async (name) => {
    const pool = fpm.pool(name);
    const open = channelsTo(targetAddress(pool.address));
    const ours = text((await fetchPage(open, { path: "/status", query: "" })).body);
    const theirs = splitResponse((await cgiFcgiPage(pool.bareAddress, "/status")).stdout);
    // The scrape before may still count as active.
    const moving = /^(accepted conn|start since|idle processes|(max )?active processes):.*$/gm;
    const stable = (page: string) => page.replace(moving, "$1");
    expect(stable(ours)).toBe(stable(theirs.body.toString()));
  });

  it("S0.8 reads pong from the ping page", async () => {
    const open = channelsTo(targetAddress(fpm.pool("unix").address));
    expect(text((await fetchPage(open, { path: "/ping", query: "" })).body)).toBe("pong");
  });

  it("reports a missing page", async () => {
    const open = channelsTo(targetAddress(fpm.pool("unix").address));
    await expect(fetchPage(open, { path: "/nope", query: "" })).rejects.toMatchObject({
      code: "page_not_found",
      message: expect.stringContaining("/nope"),
      stderr: "Primary script unknown",
    });
  });
});
