import { describe, expect, it } from "vitest";
import { parseTraffic } from "../../../src/apache/page/module-lines.js";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { engines } from "../../engine/engines.js";
import { fixture, least, pageOf } from "../fixtures.js";

describe.each(engines)("sections of modules on the text page, on the %s engine", (_, engine) => {
  const parseLines = (...lines: string[]) => parseServerStatus(pageOf(...least, ...lines), engine);

  it("reads the balancers of a real page", () => {
    const { proxyBalancers } = parseServerStatus(fixture("extras-idle--auto.txt"), engine);
    expect(proxyBalancers.map(({ name, workers }) => [name, workers.length])).toEqual([
      ["balancer://pool1", 3],
      ["balancer://pool2", 2],
    ]);
    expect(proxyBalancers[0]?.workers[1]).toEqual({
      index: 1,
      name: "fcgi://127.0.0.1:9102",
      status: "Init Stby Ok",
      elected: 0,
      busy: 0,
      sent: 0,
      received: 0,
    });
    expect(proxyBalancers[1]?.workers[0]).toMatchObject({ elected: 3, sent: 2048, received: 3072 });
  });

  it("reads the sizes that 2.4.16 to 2.4.34 printed, where there was no Busy", () => {
    const { proxyBalancers } = parseLines(
      "ProxyBalancer[0]Name: balancer://a",
      "ProxyBalancer[0]Worker[0]Name: http://127.0.0.1:81",
      "ProxyBalancer[0]Worker[0]Status: ??? ",
      "ProxyBalancer[0]Worker[0]Elected: 12",
      "ProxyBalancer[0]Worker[0]Sent: 5.5M",
      "ProxyBalancer[0]Worker[0]Rcvd:   - ",
    );
    expect(proxyBalancers).toEqual([
      {
        index: 0,
        name: "balancer://a",
        workers: [
          {
            index: 0,
            name: "http://127.0.0.1:81",
            status: "???",
            elected: 12,
            busy: undefined,
            sent: 5_767_168,
            received: undefined,
          },
        ],
      },
    ]);
  });

  it.each(["ProxyBalancer[x]Name: a", "ProxyBalancer[0]Worker[0]Load: 1"])(
    "keeps %j among the others",
    (line) => {
      const { proxyBalancers, other } = parseLines(line);
      expect(proxyBalancers).toEqual([]);
      expect(other).toEqual([line.split(": ")]);
    },
  );

  it("reads the cache of TLS sessions", () => {
    const { tlsSessionCache, socache } = parseServerStatus(
      fixture("extras-idle--auto.txt"),
      engine,
    );
    expect(socache).toBeUndefined();
    expect(tlsSessionCache).toEqual({
      type: "SHMCB",
      available: true,
      sharedMemory: 512_000,
      currentEntries: 10,
      subcaches: 32,
      indexesPerSubcache: 88,
      timeLeftOldestAverage: 299,
      timeLeftOldestMinimum: 299,
      timeLeftOldestMaximum: 299,
      indexUsage: 0,
      usage: 0,
      stored: 10,
      replaced: 0,
      expired: 0,
      discarded: 0,
      retrieveHits: 0,
      retrieveMisses: 0,
      removeHits: 0,
      removeMisses: 0,
      other: [],
    });
  });

  it("distinguishes two caches with the same keys", () => {
    const { tlsSessionCache, socache } = parseServerStatus(
      fixture("socache-idle--auto.txt"),
      engine,
    );
    expect(socache).toMatchObject({ sharedMemory: 524_288, retrieveMisses: 1, other: [] });
    expect(tlsSessionCache).toMatchObject({ sharedMemory: 512_000, retrieveMisses: 0, other: [] });
  });

  it("reads a cache whose state httpd could not read", () => {
    expect(parseLines("ModCacheSocacheStatus", "NotAvailable").socache?.available).toBe(false);
  });

  it("keeps the lines of memcached apart from the server's", () => {
    const status = parseLines(
      "Uptime: 5",
      "TLSSessionCacheStatus",
      "Memcached server: 127.0.0.1:11211 [Up]",
      "Version: 1.6.18 [64 bits], PID: 99, Uptime: 12 hrs ",
      "Clients:: Structures: 3, Total: 4, Current: 2 ",
      "CPU:: System: 1, User: 2 ",
      "Uptime: 43200",
      "BusyWorkers: 99",
    );
    expect(status).toMatchObject({ uptime: 5, busyWorkers: 1, asyncBusyWorkers: undefined });
    expect(status.other).toEqual([]);
    expect(status.tlsSessionCache?.other.map(([key]) => key)).toEqual([
      ...["Memcached server", "Version", "Clients", "CPU", "Uptime", "BusyWorkers"],
    ]);
  });

  it("keeps the lines of redis apart from the server's", () => {
    const status = parseLines(
      "ModCacheSocacheStatus",
      "Redis server: 127.0.0.1:6379 [Up]",
      "Version: 7.0.15 [64 bits], PID: 1, Uptime: 3 hrs ",
      "Memory:: Total: 1, Max: 2, Used: 3 ",
      "TLSSessionCacheStatus",
      "CacheType: SHMCB",
    );
    expect(status.socache?.other[0]).toEqual(["Redis server", "127.0.0.1:6379 [Up]"]);
    expect(status.socache?.type).toBeUndefined();
    expect(status.tlsSessionCache?.type).toBe("SHMCB");
  });

  it("reads balancers after a cache", () => {
    const status = parseLines(
      ...["TLSSessionCacheStatus", "CacheType: SHMCB", "ProxyBalancer[0]Name: balancer://b"],
      ...["Uptime: 12"],
    );
    expect(status.proxyBalancers).toEqual([{ index: 0, name: "balancer://b", workers: [] }]);
    expect(status.uptime).toBe(12);
  });

  it("reads what mod_md manages", () => {
    const status = parseLines("ManagedCertificatesTotal: 2", "ManagedCertificatesOK: 1");
    expect(status.managed).toEqual([
      ["ManagedCertificatesTotal", "2"],
      ["ManagedCertificatesOK", "1"],
    ]);
  });

  it("splits the lines of mod_md where a newline is missing", () => {
    const status = parseLines(
      "ManagedDomain[0]Name: example.org",
      "ManagedDomain[0]Status: goodManagedDomain[0]Valid: until 2027ManagedDomain[1]Name: a.bTLSSessionCacheStatus",
      "CacheType: SHMCB",
    );
    expect(status.managed).toEqual([
      ["ManagedDomain[0]Name", "example.org"],
      ["ManagedDomain[0]Status", "good"],
      ["ManagedDomain[0]Valid", "until 2027"],
      ["ManagedDomain[1]Name", "a.b"],
    ]);
    expect(status.tlsSessionCache?.type).toBe("SHMCB");
  });

  it("reads a last line of mod_md without a newline", () => {
    const page = pageOf(...least, "ManagedStaplingsTotal: 0").subarray(0, -1);
    expect(parseServerStatus(page, engine).managed).toEqual([["ManagedStaplingsTotal", "0"]]);
  });

  it("keeps the lines of other modules", () => {
    expect(parseLines("SomethingNew: a: b", "a line").other).toEqual([
      ["SomethingNew", "a: b"],
      ["a line", ""],
    ]);
  });
});

describe("parseTraffic", () => {
  it.each([
    ["0K", 0],
    ["4K", 4096],
    ["5.5M", 5_767_168],
    ["  0 ", 0],
    ["973 ", 973],
    [" 12K", 12_288],
    ["1.1G", 1_181_116_006.4],
    ["  - ", undefined],
    ["", undefined],
    ["K", undefined],
    ["1e3K", undefined],
    ["-1K", undefined],
  ])("reads %j as %s", (text, bytes) => expect(parseTraffic(text)).toBe(bytes));
});
