import { describe, expect, it } from "vitest";
import { Schedule, type ScheduleOptions } from "../../src/load/schedule.js";

const START = 1_000;
const schedule = (options: Partial<ScheduleOptions>) =>
  new Schedule({ requests: undefined, duration: undefined, rate: undefined, ...options }, START);

describe("a schedule without a rate", () => {
  it("has a request due at any time, until the duration is over", () => {
    const times = schedule({ duration: 100 });
    expect([times.take(1_000), times.take(1_099.5), times.take(1_100)]).toEqual([
      1_000,
      1_099.5,
      undefined,
    ]);
    expect(times.count).toBe(2);
    expect(times.overdue(5_000)).toBe(0);
  });

  it("ends with the last of its requests", () => {
    const times = schedule({ requests: 2 });
    expect([times.take(1_000), times.take(1_000), times.take(1_000)]).toEqual([
      1_000,
      1_000,
      undefined,
    ]);
    expect(times.isOver(1_000)).toBe(true);
  });

  it("ends when it is stopped", () => {
    const times = schedule({});
    times.stop();
    expect(times.take(1_000)).toBeUndefined();
  });
});

describe("a schedule with a rate", () => {
  it("has its requests due at fixed times, also those that are taken late", () => {
    const times = schedule({ rate: 100, duration: 1_000 });
    expect(times.take(1_000)).toBe(1_000);
    expect(times.take(1_005)).toBeUndefined();
    expect(times.next(1_005)).toBe(1_010);
    expect([times.take(1_500), times.take(1_500)]).toEqual([1_010, 1_020]);
  });

  it("counts the requests that were due and could not be sent", () => {
    const times = schedule({ rate: 100, duration: 1_000 });
    for (let taken = 0; taken < 30; taken++) times.take(1_500);
    expect(times.overdue(1_500)).toBe(20);
    expect(times.overdue(9_000)).toBe(70);
    expect(times.isOver(2_100)).toBe(true);
  });

  it("sends all of its requests when none is late", () => {
    const times = schedule({ rate: 500, duration: 1_000 });
    let now = START;
    for (let next = times.next(now); next !== undefined; next = times.next(now)) {
      now = next;
      times.take(now);
    }
    expect(times.count).toBe(500);
    expect(times.overdue(now + 1_000)).toBe(0);
  });
});
