import { afterAll, beforeAll, expect, it } from "vitest";
import { makeSite, rawGet, type TestSite } from "../client/site.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { startExample } from "./run-example.js";

describeWith(["php-fpm"], "examples/php-front-end.mjs", () => {
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

  it("serves files and scripts, and ends by SIGTERM", async () => {
    const example = await startExample(
      "php-front-end.mjs",
      fpm.pool("www").address,
      site.root,
      "0",
    );
    const url = /listening at (\S+)/.exec(example.output)?.[1] ?? "";
    expect((await rawGet(url, "/style.css")).text).toBe("body {}");
    const { server } = JSON.parse((await rawGet(url, "/a/permalink")).text) as {
      server: Record<string, string>;
    };
    expect(server).toMatchObject({ SCRIPT_NAME: "/index.php", REQUEST_URI: "/a/permalink" });
    await example.stop();
    expect(example.output).toBe(`listening at ${url}\n`);
  });
});
