import { describe, expect, it } from "vitest";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { WINDOW } from "../../../src/engine/memory.js";
import { engines } from "../../engine/engines.js";
import { fixture, least, pageOf } from "../fixtures.js";

describe.each(engines)("a text page longer than the window, on the %s engine", (_, engine) => {
  const parse = (page: Uint8Array) => parseServerStatus(page, engine);

  it.each([65_524, 65_535, 65_536, 65_537, 131_072, 250_000])(
    "reads a scoreboard of %d slots, longer than the window",
    (slots) => {
      const letters = "_W.G".repeat(Math.ceil(slots / 4)).slice(0, slots);
      const page = pageOf(
        ...["Uptime: 5", "BusyWorkers: 1", "IdleWorkers: 0", `Scoreboard: ${letters}`],
        ...["TLSSessionCacheStatus", "CacheType: SHMCB", "CacheStoreCount: 4"],
      );
      const status = parse(page);
      expect(status.scoreboard?.letters === letters).toBe(true);
      expect(status.scoreboard?.waiting).toBe(Math.ceil(slots / 4));
      expect(status.tlsSessionCache?.stored).toBe(4);
      expect(status.uptime).toBe(5);
    },
  );

  it("reads a long page whatever line its window ends in", () => {
    const filler = "ProxyBalancer[7]Name: balancer://a-name-of-some-length";
    for (let length = 0; length < filler.length + 2; length++) {
      const lines = new Array<string>(1250).fill(filler);
      const page = pageOf("x".repeat(length), ...lines, ...least, "Uptime: 77");
      expect(parse(page)).toMatchObject({ uptime: 77, proxyBalancers: [{ index: 7 }], other: [] });
    }
  });

  it("reads more lines than the table has rows", () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `X${index}: 1`);
    const status = parse(pageOf("name", ...lines, ...least, "Uptime: 9"));
    expect(status.other).toHaveLength(5000);
    expect(status.uptime).toBe(9);
  });

  it("reads a page that lies in the engine's window", () => {
    const page = fixture("extras-idle--auto.txt");
    engine.memory.set(page, WINDOW);
    const borrowed = parse(engine.memory.subarray(WINDOW, WINDOW + page.length));
    const own = JSON.stringify(parse(page));
    expect(JSON.stringify(borrowed)).toBe(own);
  });
});
