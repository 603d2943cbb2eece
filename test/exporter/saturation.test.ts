import { afterAll, beforeAll, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { createExporter } from "../../src/exporter/create-exporter.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";
import { seriesValue, targetOf } from "./targets.js";

describeWith(["php-fpm"], "a pool that has reached pm.max_children", () => {
  const busy = new AbortController();
  const requests: Promise<unknown>[] = [];
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "dynamic", maxChildren: 2, listen: "unix", statusListen: true }],
    });
    const options = { scriptFilename: phpScript("sleep.php"), signal: busy.signal };
    for (let i = 0; i < 4; i++) {
      const request = new Request("http://localhost/sleep.php?ms=60000");
      requests.push(gatewayFetch(fpm.pool("www").address, request, options).catch(() => {}));
    }
  });
  afterAll(async () => {
    busy.abort();
    await Promise.all(requests);
    await fpm.stop();
  });

  it.each([
    [
      "drop-in",
      `pool="www",scrape_uri=`,
      {
        phpfpm_max_children_reached: 1,
        phpfpm_max_children: 2,
        phpfpm_active_processes: 2,
        phpfpm_idle_processes: 0,
        phpfpm_max_active_processes: 2,
        phpfpm_accept_queue: 2,
      },
    ],
    [
      "modern",
      "",
      {
        phpfpm_max_children_reached_total: 1,
        phpfpm_max_children: 2,
        phpfpm_active_processes_peak: 2,
        phpfpm_listen_queue_connections: 2,
      },
    ],
  ] as const)("says how often, and what it is, in the style %s", async (style, labels, values) => {
    const { address, bareAddress, name, statusListenBareAddress, statusPath } = fpm.pool("www");
    const configuration = {
      name,
      listen: `unix:${bareAddress}`,
      statusListen: `unix:${statusListenBareAddress}`,
      statusPath,
      maxChildren: 2,
    };
    const target = targetOf(address);
    const exporter = createExporter({
      targets: [{ ...target, configuration } as typeof target],
      metricStyle: style,
      cacheAge: 0,
    });
    let text = "";
    // php-fpm looks at its workers once a second.
    await until(
      async () => {
        text = await (await exporter.fetch(new Request("http://exporter/metrics"))).text();
        return /^phpfpm_max_children_reached(?:_total)?\{.*\} 1$/m.test(text);
      },
      () => `it was not reached:\n${text}`,
    );
    exporter.close();
    for (const [metric, value] of Object.entries(values)) {
      expect([metric, seriesValue(text, `${metric}{${labels}`)]).toEqual([metric, value]);
    }
    expect(text).toMatch(/^phpfpm_diagnosis\{.*kind="saturated"\} 1$/m);
  });
});
