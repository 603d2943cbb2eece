import { describe, expect, it } from "vitest";
import { pageOf, START, targetOf } from "./targets.js";

const counters = { acceptedConn: 100, slowRequests: 2, maxChildrenReached: 1 };

describe("the rates of a pool", () => {
  it("are the growth of its counters, without the requests for the pages", () => {
    const target = targetOf("www", counters);
    target.take(pageOf({ acceptedConn: 121, slowRequests: 3, maxChildrenReached: 5 }), 2_000);
    expect(target.rates).toEqual({ requests: 10, slow: 0.5, maxed: 2 });
  });

  it("count every request if the pages come by pm.status_listen", () => {
    const configuration = { statusListen: "unix:/run/status.sock" } as never;
    const target = targetOf("www", counters, { configuration });
    target.take(pageOf({ ...counters, acceptedConn: 120 }), 2_000);
    expect(target.rates.requests).toBe(10);
  });

  it("do not count the requests for pages of the pool itself, even with a pm.status_listen", () => {
    const configuration = { listen: "unix:/run/www.sock", statusListen: "unix:/run/status.sock" };
    const asked = (address: string) => {
      const target = targetOf("www", counters, { address, configuration: configuration as never });
      target.take(pageOf({ ...counters, acceptedConn: 121 }), 2_000);
      return target.rates.requests;
    };
    expect(asked("unix:/run/www.sock:/status")).toBe(10);
    expect(asked("unix:/run/status.sock:/status")).toBe(10.5);
  });

  it("are unknown on the first page, after a restart, and after a failure", () => {
    const unknown = { requests: undefined, slow: undefined, maxed: undefined };
    const target = targetOf("www", counters);
    expect(target.rates).toEqual(unknown);
    target.take(pageOf({ ...counters, acceptedConn: 3 }), 1_000);
    expect(target.rates).toEqual(unknown);
    const startTime = new Date(START.getTime() + 5_000);
    target.take(pageOf({ ...counters, startTime, acceptedConn: 200 }), 2_000);
    expect(target.rates).toEqual(unknown);
  });

  it("are not counted over a moment", () => {
    const target = targetOf("www", counters);
    target.take(pageOf({ ...counters, acceptedConn: 103 }), 20);
    expect(target.rates.requests).toBeUndefined();
    target.take(pageOf({ ...counters, acceptedConn: 111 }), 1_000);
    expect(target.rates.requests).toBe(10);
  });
});
