import { describe, expect, it } from "vitest";
import { createPool } from "../../../src/status-page/records.js";
import { fixture } from "../../apache/fixtures.js";
import { fields } from "./everything.js";
import {
  failedSample,
  poolSample,
  poolTarget,
  seriesOf,
  serverPage,
  serverTarget,
  textOf,
} from "./samples.js";

const status = Object.assign(createPool(), fields);

/** The labels of phpfpm_up of a pool that is configured with these labels. */
function upOf(labels: Record<string, string>, style: "drop-in" | "modern" = "drop-in") {
  const text = textOf([poolSample(status, poolTarget("a:1", { labels }))], { style });
  return seriesOf(text).find((line) => line.startsWith("phpfpm_up"));
}

describe("the labels of a target", () => {
  it("are on each of its series, and on no other's", () => {
    const labels = { site: "shop", team: "web" };
    const lines = seriesOf(
      textOf([
        poolSample(status, poolTarget("a:1", { labels })),
        poolSample(status, poolTarget("a:2")),
      ]),
    );
    const labelled = lines.filter((line) => line.includes('site="shop",team="web"'));
    expect(labelled).toEqual(lines.filter((line) => line.includes('"a:1"')));
    expect(labelled.length).toBeGreaterThan(10);
  });

  it("become exported_NAME where the name is ours", () => {
    const labels = { pool: "x", scrape_uri: "y", state: "z", exported_pool: "w" };
    expect(upOf(labels)).toBe(
      'phpfpm_up{pool="www",scrape_uri="a:1",exported_pool="x",exported_scrape_uri="y",exported_state="z",exported_exported_pool="w"} 1',
    );
    expect(upOf({ target: "x", scrape_uri: "y" }, "modern")).toBe(
      'phpfpm_up{pool="www",target="a:1",exported_target="x",scrape_uri="y"} 1',
    );
  });

  it("have names that Prometheus accepts, each once", () => {
    const labels = { "a-b": "1", a_b: "2", "9": "3", é: "4", "": "5", __meta_x: "6", empty: "" };
    expect(upOf(labels)).toBe(
      'phpfpm_up{pool="www",scrape_uri="a:1",_9="3",a_b="1",exported_a_b="2",_="4"} 1',
    );
  });

  it("have valid values", () => {
    expect(upOf({ a: 'q"\n\ud800' })).toContain('a="q\\"\\n\ufffd"');
  });

  it("follow the pool's name from one scrape to the next", () => {
    const target = poolTarget("a:1", { labels: { site: "shop" } });
    const rest = 'scrape_uri="a:1",site="shop"';
    expect(textOf([failedSample(target)])).toContain(`phpfpm_up{pool="",${rest}} 0`);
    expect(textOf([poolSample(status, target)])).toContain(`phpfpm_up{pool="www",${rest}} 1`);
    const gone = failedSample(target, { pool: "www", failures: 7 });
    expect(textOf([gone])).toContain(`phpfpm_up{pool="www",${rest}} 0`);
    expect(textOf([gone])).toContain(`phpfpm_scrape_failures{pool="www",${rest}} 7`);
  });

  it("are those of httpd, too, which has no scrape_uri if it is alone", () => {
    const page = fixture("prefork-idle--auto.txt");
    const target = serverTarget("http://a/", { labels: { site: "shop" } });
    expect(textOf([serverPage(page, target)])).toContain('apache_up{site="shop"} 1\n');
    expect(textOf([serverPage(page, target)], { style: "modern" })).toContain(
      'apache_up{target="http://a/",site="shop"} 1\n',
    );
    const two = [serverPage(page, target), serverPage(page, serverTarget("http://b/"))];
    expect(textOf(two)).toContain(
      'apache_up{scrape_uri="http://a/",site="shop"} 1\napache_up{scrape_uri="http://b/"} 1\n',
    );
  });

  it("keep two symbolic links to one socket apart", () => {
    const samples = ["unix:/run/a.sock:/status", "unix:/run/b.sock:/status"].map((address) =>
      poolSample(status, poolTarget(address)),
    );
    for (const style of ["drop-in", "modern"] as const) {
      const lines = seriesOf(textOf(samples, { style }));
      expect(lines.filter((line) => line.startsWith("phpfpm_up"))).toHaveLength(2);
    }
  });
});
