import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findMissingTypes } from "./architecture/door-types.js";
import {
  checkArrows,
  checkCycles,
  checkDoors,
  checkNames,
  checkNeutrality,
  checkRoomSizes,
  type Sources,
} from "./architecture/rules.js";

const root = fileURLToPath(new URL("..", import.meta.url));

function readSources(): Sources {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return new Map(
    files
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
      .map((file) => [file.replaceAll("\\", "/"), readFileSync(join(root, "src", file), "utf8")]),
  );
}

/** The doors that package.json opens, by their file below src/. */
function exportedDoors(): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.values(exports).flatMap((target) =>
    typeof target === "string"
      ? []
      : [target.default.replace("./lib/", "").replace(/\.js$/, ".ts")],
  );
}

describe("the sources", () => {
  const sources = readSources();

  it("have a file behind every door that package.json opens", () => {
    expect(exportedDoors().filter((door) => !sources.has(door))).toEqual([]);
    expect(exportedDoors()).toContain("codec.ts");
  });

  it("follow the arrows", () => {
    expect(checkArrows(sources)).toEqual([]);
  });

  it("reach nothing of Node's from the doors for every runtime", () => {
    expect(checkNeutrality(sources)).toEqual([]);
  });

  it("have doors that are re-exports only", () => {
    expect(checkDoors(sources)).toEqual([]);
  });

  it("have doors that export every type that their signatures name", () => {
    const doors = exportedDoors().map((door) => door.replace(/\.ts$/, ".d.ts"));
    const found = findMissingTypes(join(root, "dist"), doors).map(
      ({ door, name }) => `${door.replace(".d.ts", "")}: ${name}`,
    );
    expect(found).toEqual([]);
  }, 60_000);

  it("have every file that ARCHITECTURE.md names", () => {
    const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
    const named = [...page.matchAll(/`([a-z-]+(?:\/[a-z-]+)*\.ts)`/g)].map(
      ([, path]) => path ?? "",
    );
    const files = named.filter((path) => !/^(?:test|assembly)\//.test(path));
    expect(files.filter((path) => !sources.has(path))).toEqual([]);
    expect(files.length).toBeGreaterThan(40);
  });

  it("have no import cycle", () => {
    expect(checkCycles(sources)).toEqual([]);
  });

  it("export no name twice", () => {
    expect(checkNames(sources)).toEqual([]);
  });

  it("have no room larger than a sixth of them", () => {
    expect(checkRoomSizes(sources)).toEqual([]);
  });
});
