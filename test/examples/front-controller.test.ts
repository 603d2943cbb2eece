import { afterAll, beforeAll, expect, it } from "vitest";
import { makeSite, type TestSite } from "../client/site.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { runExample } from "./run-example.js";

describeWith(["php-fpm"], "examples/front-controller.mjs", () => {
  let fpm: PhpFpm;
  let site: TestSite;
  beforeAll(async () => {
    site = makeSite();
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
  });
  afterAll(async () => {
    await fpm.stop();
    site.remove();
  });

  it("asks for a permalink and for a script", async () => {
    const args = [fpm.pool("www").address, site.root, "/2026/a-post/", "/wp-login.php?a=1"];
    const { stdout, stderr, code } = await runExample("front-controller.mjs", args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^200 \/2026\/a-post\/ .*SCRIPT_NAME":"\/index\.php".*^200 \/wp-login/ms,
    );
    expect(stdout).toContain('"HTTPS":"on"');
  });

  it("says what is wrong", async () => {
    const { stderr, code } = await runExample("front-controller.mjs", [
      "unix:/nowhere.sock",
      site.root,
    ]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("no socket is at this path")]);
  });
});
