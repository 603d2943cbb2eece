import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import * as captures from "./captures.js";

it("every file of test/fixtures is for some decoder, or for a comparison", () => {
  const folder = new URL("../fixtures/", import.meta.url);
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath.split("/").at(-1)}/${name}`);
  expect(new Set(Object.values(captures).flat())).toEqual(new Set(all));
  expect(all).toHaveLength(631);
});
