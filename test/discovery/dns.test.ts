import { describe, expect, it } from "vitest";
import { type NameResolver, resolveNames } from "../../src/discovery/dns.js";

const unknown = Object.assign(new Error(), { code: "ENOTFOUND" });
const hosts: Record<string, string[]> = {
  "pools.test": ["10.0.0.1", "10.0.0.2", "fd00::1"],
  "a.test": ["10.0.0.3"],
};
const resolver: NameResolver = {
  lookup: async (host) => {
    const addresses = hosts[host];
    if (addresses === undefined) throw unknown;
    return addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  },
  services: async () => [
    { name: "a.test", port: 9000 },
    { name: "pools.test", port: 9001 },
  ],
};
const resolve = async (...names: string[]) => {
  const { targets, problems } = await resolveNames(names, { resolver, timeout: 1_000 });
  return { addresses: targets.map(({ address }) => address), targets, problems };
};

describe("DNS names", () => {
  it("give a target for each address, A and AAAA", async () => {
    const { addresses, targets } = await resolve("pools.test:9000/status");
    expect(addresses).toEqual([
      "10.0.0.1:9000/status",
      "10.0.0.2:9000/status",
      "[fd00::1]:9000/status",
    ]);
    expect(targets[0]).toMatchObject({
      labels: { name: "pools.test:9000/status" },
      state: "unknown",
    });
  });

  it("give host and port by SRV", async () => {
    expect((await resolve("_fcgi._tcp.test/status")).addresses).toEqual([
      "10.0.0.3:9000/status",
      "10.0.0.1:9001/status",
      "10.0.0.2:9001/status",
      "[fd00::1]:9001/status",
    ]);
  });

  it("are resolved by the system's way, too", async () => {
    const { targets } = await resolveNames(["localhost:9000/status"]);
    const addresses = targets.map(({ address }) => address);
    expect(addresses).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(127\.0\.0\.1|\[::1\]):9000\/status$/)]),
    );
  });

  it("that do not exist are problems, and the others are found", async () => {
    const { addresses, problems } = await resolve("none.test:9000", "a.test:9000");
    expect(addresses).toEqual(["10.0.0.3:9000"]);
    expect(problems).toMatchObject([
      { source: "none.test:9000", message: "cannot be resolved (ENOTFOUND)" },
    ]);
  });

  it("that no server answers for are problems at the deadline", async () => {
    const silent: NameResolver = { ...resolver, lookup: () => new Promise(() => {}) };
    const { problems } = await resolveNames(["a.test:9000"], { resolver: silent, timeout: 20 });
    expect(problems).toMatchObject([{ message: "is not resolved after 20 ms" }]);
  });

  it("are left at once when the caller aborts", async () => {
    const silent: NameResolver = { ...resolver, lookup: () => new Promise(() => {}) };
    const signal = AbortSignal.abort();
    const { problems } = await resolveNames(["a.test:9000"], { resolver: silent, signal });
    expect(problems).toMatchObject([{ message: expect.stringContaining("cancelled") }]);
  });

  it.each(["unix:/x.sock", "a.test", "a.test:99999"])("%s is no name with a port", async (name) => {
    const { addresses, problems } = await resolve(name);
    expect(addresses).toEqual([]);
    expect(problems).toMatchObject([{ source: name }]);
  });
});
