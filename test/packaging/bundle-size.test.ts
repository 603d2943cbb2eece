import { expect, it } from "vitest";
import { bundleSizes } from "../../scripts/bundle-sizes.mjs";

const sizes = await bundleSizes();

it.each(sizes)("$name is at most $limit bytes, compressed", ({ size, limit }) => {
  expect(size).toBeGreaterThan(100);
  expect(size).toBeLessThanOrEqual(limit);
});
