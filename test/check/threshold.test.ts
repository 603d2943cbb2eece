import { describe, expect, it } from "vitest";
import { parseThreshold, raisesAlert, rangeText } from "../../src/check/threshold.js";

describe("a threshold", () => {
  it.each([
    ["idle<2", "idle", "2:", [1], [2, 3]],
    ["idle <= 2", "idle", "@~:2", [2, 0], [3]],
    ["queue>10", "queue", "~:10", [11], [10, 0]],
    ["queue>=10", "queue", "@10:", [10, 11], [9]],
    ["active==5", "active", "@5:5", [5], [4, 6]],
    ["slow/s>0.5", "slow/s", "~:0.5", [0.6], [0.5]],
    ["queue=10", "queue", "10", [11, -1], [0, 10]],
    ["queue=10:", "queue", "10:", [9], [10, 99]],
    ["queue=~:10", "queue", "~:10", [11], [-99, 10]],
    ["queue=10:20", "queue", "10:20", [9, 21], [10, 20]],
    ["queue=@10:20", "queue", "@10:20", [10, 20], [9, 21]],
    ["queue=@10", "queue", "@10", [0, 10], [11]],
    ["max-children-reached>0", "max children reached", "~:0", [1], [0]],
    ["Max_Children reached>0", "max children reached", "~:0", [1], [0]],
  ])("%s", (text, name, range, alerts, silent) => {
    const threshold = parseThreshold(text);
    expect(threshold.name).toBe(name);
    expect(rangeText(threshold.range)).toBe(range);
    expect(alerts.filter((value) => !raisesAlert(threshold.range, value))).toEqual([]);
    expect(silent.filter((value) => raisesAlert(threshold.range, value))).toEqual([]);
  });

  it.each([
    "",
    "idle",
    "idle<",
    "<2",
    "idle<two",
    "idle=",
    "idle=@",
    "idle=5:2",
    "idle<2;rm",
    "a<1e9",
  ])("is refused: %j", (text) => {
    expect(() => parseThreshold(text)).toThrow(expect.objectContaining({ code: "bad_input" }));
  });
});
