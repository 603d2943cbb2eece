import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const lib = join(root, "lib");
const text = (path: string) => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(text("package.json"));
const sources: string[] = readdirSync(lib, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith(".map"))
  .flatMap((file) => JSON.parse(text(join("lib", file))).sources);

const doors = ["index", "apache", "codec", "describe", "edge", "exporter", "server"];

/** The modules in the files that a file imports, at once or later, and in itself. */
function modulesBehind(start: string): string[] {
  // A set is read to its end, also what is added meanwhile.
  const files = new Set([start]);
  for (const file of files) {
    const imports = readFileSync(file, "utf8").matchAll(/(?:from |^import |import\()"(\.[^"]+)"/gm);
    for (const [, specifier = ""] of imports) files.add(join(dirname(file), specifier));
  }
  const maps = [...files].map((file) => `${file}.map`).filter((map) => existsSync(map));
  return maps.flatMap((map) => JSON.parse(readFileSync(map, "utf8")).sources as string[]);
}

describe("the package", () => {
  it("has at most 700 kB packed, no dependencies, and no fault that npm publish warns of", () => {
    const args = ["publish", "--dry-run", "--json", "--ignore-scripts"];
    const { stdout, stderr } = spawnSync("npm", args, { cwd: root, encoding: "utf8" });
    expect(JSON.parse(stdout)["fcgi-probe"].size).toBeLessThanOrEqual(700_000);
    const warnings = stderr.split("\n").filter((line) => line.startsWith("npm warn"));
    expect(warnings.filter((line) => !line.includes("to be logged in"))).toEqual([]);
    expect(manifest.dependencies).toBeUndefined();
  });

  it("holds every module once", () => {
    expect(sources).toContain("src/client/fetch.ts");
    expect(sources.filter((source, at) => sources.indexOf(source) !== at)).toEqual([]);
  });

  it("has doors that load nothing of the commands", () => {
    const modules = doors.flatMap((door) => modulesBehind(join(lib, `${door}.js`)));
    expect(modules).toContain("src/server/serve.ts");
    expect(modules.filter((module) => /^src\/(?:cli|apache-manager|top)\//.test(module))).toEqual(
      [],
    );
  });

  it("has the license of each library that it holds", () => {
    const licenses = text("lib/LICENSES.txt");
    const libraries = sources.flatMap(
      (source) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? [],
    );
    expect(new Set(libraries)).toContain("yaml");
    for (const name of new Set(libraries))
      expect(licenses).toMatch(new RegExp(`^${name} \\d`, "m"));
  });

  it("has source maps that lead from a stack trace to the line", () => {
    const door = JSON.stringify(pathToFileURL(join(lib, "index.js")).href);
    const program = `import(${door}).then(({ parseAddress }) => parseAddress("?"))`;
    const args = ["--enable-source-maps", "--eval", program];
    const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const place = new RegExp(`/v${manifest.version}/(src/address\\.ts):(\\d+)`).exec(stderr);
    const line = text(place?.[1] ?? "src/address.ts").split("\n")[Number(place?.[2]) - 1];
    expect(line).toContain("new GatewayError(");
  });
});
