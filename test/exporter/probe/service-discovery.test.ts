import { expect, it } from "vitest";
import { serviceDiscovery } from "../../../src/exporter/probe/service-discovery.js";
import { type ScrapeTarget, targetDefaults } from "../../../src/exporter/target.js";

const target = (address: string, more: Partial<ScrapeTarget> = {}): ScrapeTarget => ({
  ...targetDefaults,
  address,
  kind: "phpfpm",
  source: "site.yaml:2",
  ...more,
});

it("is an empty list without targets", () => {
  expect(serviceDiscovery([])).toBe("[]");
});

it("has a group for all targets with the same labels", () => {
  const shop = { labels: { site: "shop" } };
  const text = serviceDiscovery([
    target("unix:/run/php/a.sock:/status", shop),
    target("http://127.0.0.1/server-status?auto", { kind: "apache" }),
    target("127.0.0.1:9000/status", shop),
  ]);
  expect(JSON.parse(text)).toEqual([
    {
      targets: ["unix:/run/php/a.sock:/status", "127.0.0.1:9000/status"],
      labels: { __meta_fcgi_probe_kind: "phpfpm", site: "shop" },
    },
    {
      targets: ["http://127.0.0.1/server-status?auto"],
      labels: { __meta_fcgi_probe_kind: "apache" },
    },
  ]);
});

it("names the pool of a configuration file", () => {
  const configuration = { name: 'w"w\n' } as ScrapeTarget["configuration"];
  const [group] = JSON.parse(serviceDiscovery([target("a:1", { configuration })]));
  expect(group.labels.__meta_fcgi_probe_pool).toBe('w"w\n');
});
