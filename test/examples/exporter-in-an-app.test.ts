import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { freePort } from "../harness/ports.js";
import type { ServerProcess } from "../harness/server-process.js";
import { startExample } from "./run-example.js";

describeWith(["php-fpm"], "examples/exporter-in-an-app.mjs", () => {
  let fpm: PhpFpm;
  let example: ServerProcess;
  let url: string;

  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    url = `http://127.0.0.1:${await freePort()}`;
    const targets = [fpm.pool("www").address, "unix:/nonexistent.sock:/status"];
    example = await startExample("exporter-in-an-app.mjs", url, ...targets);
  });
  afterAll(async () => {
    await example?.stop();
    await fpm?.stop();
  });

  it("serves the application and the metrics of its pools on one port", async () => {
    expect(await (await fetch(url)).text()).toBe("The shop.\n");
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^phpfpm_up\{pool="www",.*site="shop".*\} 1$/m);
    expect(metrics).toMatch(/^phpfpm_up\{.*nonexistent.*\} 0$/m);
    expect((await fetch(`${url}/-/pool-healthy?pool=www`)).status).toBe(200);
  });

  it("shows the same scrapes as values, with what is wrong", async () => {
    const pools = await (await fetch(`${url}/pools`)).json();
    expect(pools).toMatchObject([
      { address: fpm.pool("www").address, up: true, busy: 1, idle: 1, problems: [] },
      { up: false, reason: "not_found" },
    ]);
    expect(pools[1].problems).toEqual(["there is no such socket"]);
  });
});
