import { afterEach, describe, expect, it, vi } from "vitest";
import { Collector } from "../../src/exporter/collector.js";
import { completeSettings } from "../../src/exporter/settings.js";
import { targetDefaults } from "../../src/exporter/target.js";
import { AcceptQueues } from "../../src/transport/accept-queues.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a silent pool and a silent kernel share the time of an answer", () => {
  it.each([50, 300, 500, 10_000])("of %i ms", async (timeout) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    vi.spyOn(AcceptQueues.prototype, "read").mockReturnValue(new Promise(() => {}));
    const collector = new Collector({ log: () => {}, read: () => new Promise(() => {}) });
    const address = "unix:/run/silent.sock:/status";
    const target = { ...targetDefaults, address, kind: "phpfpm", source: "a test" } as const;
    collector.update(completeSettings({ targets: [target] }));
    const done = vi.fn();
    void collector.collect(timeout).then(done);
    await vi.advanceTimersByTimeAsync(timeout);
    expect(done).toHaveBeenCalledOnce();
    expect(done.mock.calls[0]?.[0]).toMatchObject([{ reason: "deadline", target }]);
    collector.close();
  });
});
