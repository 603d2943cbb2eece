import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../../../bin/fcgi-probe.js", import.meta.url));

const hooks = `import { writeSync } from "node:fs";
export async function load(url, context, next) {
  if (url.startsWith("file:")) writeSync(2, "loaded " + url + "\\n");
  return next(url, context);
}`;
const dataUrl = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
const register = dataUrl(
  `import { register } from "node:module"; register(${JSON.stringify(dataUrl(hooks))});`,
);

/** The files that a command loads. */
function filesOf(args: readonly string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ["--import", register, bin, ...args], {
    encoding: "utf8",
  });
  return [...stderr.matchAll(/^loaded (.*)$/gm)].map((match) => match[1] as string);
}

/** The modules that the files of the package hold, by their source maps. */
function modulesIn(files: readonly string[]): string[] {
  const maps = files.map((file) => `${fileURLToPath(file)}.map`).filter((map) => existsSync(map));
  return maps.flatMap((map) => JSON.parse(readFileSync(map, "utf8")).sources as string[]);
}

const exporter =
  /^node_modules\/(?:yaml|valibot|picomatch|bcryptjs|@opentelemetry)\/|^src\/(?:cli\/)?(?:exporter|web)\/(?!package-version)/;

describe("the files of the exporter and its libraries", () => {
  it("are loaded by the exporter", () => {
    const modules = modulesIn(filesOf(["exporter", "--help"]));
    expect(modules.filter((module) => exporter.test(module))).not.toEqual([]);
  });

  it.each([["status"], ["ping"]])("are not loaded by %s", (command) => {
    const files = filesOf([command, "127.0.0.1:1/status"]);
    const modules = modulesIn(files);
    expect(modules).toContain(`src/cli/commands/${command}.ts`);
    expect(modules.filter((module) => exporter.test(module))).toEqual([]);
  });

  it("that send OTLP are loaded where an endpoint is given, and only there", () => {
    const check = ["exporter", "--check-config", "127.0.0.1:1/status"];
    const openTelemetry = (args: readonly string[]) =>
      filesOf(args).filter((file) => file.includes("/@opentelemetry/"));
    expect(openTelemetry(check)).toEqual([]);
    expect(openTelemetry([...check, "--textfile=/x.prom"])).toEqual([]);
    expect(openTelemetry([...check, "--otlp.endpoint=http://127.0.0.1:1"])).not.toEqual([]);
  });

  it("are not loaded by healthcheck, nor is anything that a pool that is well does not need", () => {
    const loaded = `process.on("exit", () => {
      for (const file of Object.keys(require.cache)) process._rawDebug("loaded " + file);
    });`;
    const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
    const hook = join(folder, "hook.cjs");
    writeFileSync(hook, loaded);
    const run = (...args: string[]) => {
      const { stderr } = spawnSync(process.execPath, ["--require", hook, bin, ...args], {
        encoding: "utf8",
      });
      return [...stderr.matchAll(/^loaded (.*)$/gm)].map((match) => match[1] as string);
    };
    const files = run("healthcheck", "--help");
    rmSync(folder, { recursive: true });
    const ours = files.filter((file) => file.includes("/lib/"));
    expect(ours.length).toBeGreaterThan(0);
    expect(
      ours.filter(
        (file) => !/healthcheck-process(?:-(?:address|node-internals))?\.cjs$/.test(file),
      ),
    ).toEqual([]);
    expect(files.filter((file) => file.includes("node_modules"))).toEqual([]);
  });

  it("are not loaded by --version, which loads two files", () => {
    const files = filesOf(["--version"]);
    expect(files.filter((file) => !file.endsWith("/bin/fcgi-probe.js")).length).toBeLessThan(6);
    expect(modulesIn(files).filter((module) => exporter.test(module))).toEqual([]);
  });
});
