import { expect, it, vi } from "vitest";
import { createExporter } from "../../src/exporter/create-exporter.js";

it("goes on calling a listener that throws, and logs what it threw", async () => {
  const log = vi.fn();
  const exporter = createExporter({ targets: [], log });
  const listener = vi.fn(() => {
    throw new Error("the disk is full");
  });
  const stop = exporter.subscribe(listener, { interval: 1 });
  await vi.waitFor(() => expect(listener.mock.calls.length).toBeGreaterThan(2));
  stop();
  exporter.close();
  expect(log).toHaveBeenCalledWith({
    level: "error",
    message: "a subscriber failed",
    error: "the disk is full",
  });
});
