import { describe, expect, it } from "vitest";
import { groupByScript, groupByUri, isRunning } from "../../src/top/request-groups.js";
import { idle, running } from "./targets.js";

const checkout = "/srv/shop/CheckoutController.php";
const requests = [
  ...Array.from({ length: 3 }, (_, index) => running(checkout, `/buy?id=${index}`, 41 + index)),
  running(checkout, "/pay", 90),
  running("/srv/shop/index.php", "/", 5),
  running("-", "-", 7),
];

describe("running requests", () => {
  it("are grouped by script, the largest group first, with the age of the oldest", () => {
    expect(groupByScript(requests)).toEqual([
      { name: checkout, count: 4, oldest: 90 },
      { name: "/srv/shop/index.php", count: 1, oldest: 5 },
    ]);
  });

  it("are grouped by URI without the query", () => {
    expect(groupByUri(requests)).toEqual([
      { name: "/buy", count: 3, oldest: 43 },
      { name: "/pay", count: 1, oldest: 90 },
      { name: "/", count: 1, oldest: 5 },
    ]);
  });

  it("are those of processes that are neither idle nor new", () => {
    expect(requests.every(isRunning)).toBe(true);
    expect(isRunning(idle(1))).toBe(false);
    expect(isRunning(Object.assign(idle(2), { state: "Creating" }))).toBe(false);
  });
});
