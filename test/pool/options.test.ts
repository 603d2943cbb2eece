import { fileURLToPath } from "node:url";
import { Command } from "commander";
import ts from "typescript-5.7";
import { describe, expect, it } from "vitest";
import { defineServe } from "../../src/cli/commands/serve.js";
import { workerOptions } from "../../src/pool/messages.js";
import type { PoolOptionSpec } from "../../src/pool/option-types.js";
import { type PoolOptionName, type PoolOptions, poolOptions } from "../../src/pool/options.js";
import { settleOptions } from "../../src/pool/settle-options.js";

const entries = Object.entries(poolOptions) as [PoolOptionName, PoolOptionSpec][];
const options: PoolOptions = { application: "/srv/app.mjs", listen: "unix:/run/app.sock" };

/** Flags for one request or the command itself, which are not options of the pool. */
const ownFlags = ["--multiplex", "--everyone", "--cgi"];

describe("the table of pool options", () => {
  const command = new Command();
  // biome-ignore lint/suspicious/noExplicitAny: what a command is defined with is used when it runs.
  defineServe(command, {} as any, () => {});

  it("has a flag for each option, or says why there is none", () => {
    const flags = entries.flatMap(([, spec]) => ("flag" in spec ? [spec.flag] : []));
    expect(new Set(flags).size).toBe(flags.length);
    for (const [name, spec] of entries) {
      const text = "flag" in spec ? spec.flag : spec.noFlag;
      expect(text, name).toMatch("flag" in spec ? /^--[a-z-]+( <\w+>)?$/ : /^\w.* .*\w$/);
    }
    const defined = command.options.map((option) => option.flags);
    expect(defined).toEqual([...flags, ...ownFlags]);
  });

  it("names the default in the help of each number and time", () => {
    for (const [name, spec] of entries) {
      if (!("flag" in spec) || spec.default === undefined || spec.type === "boolean") continue;
      if (spec.type === "text") continue;
      const { description } = command.options.find(({ flags }) => flags === spec.flag)!;
      const shown = spec.type === "count" ? `${spec.default}` : `${Number(spec.default) / 1_000}s`;
      expect(description, name).toContain(`(default: ${shown === "0s" ? "never" : shown})`);
    }
  });

  it("gives workers the options that are marked for them", () => {
    const marked = entries.flatMap(([name, spec]) => (spec.isForWorkers ? [name] : []));
    expect(Object.keys(workerOptions(settleOptions(options)))).toEqual(marked);
  });
});

describe("the documentation of PoolOptions", () => {
  const path = fileURLToPath(new URL("../../dist/server.d.ts", import.meta.url));
  const program = ts.createProgram([path], { module: ts.ModuleKind.NodeNext, types: [] });
  const checker = program.getTypeChecker();
  const door = checker.getSymbolAtLocation(program.getSourceFile(path)!)!;
  const exported = checker.getExportsOfModule(door).find(({ name }) => name === "PoolOptions")!;
  const type = checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(exported));
  const documentation = new Map(
    type.getProperties().map((property) => {
      const parts = property.getDocumentationComment(checker);
      return [property.name, ts.displayPartsToString(parts)];
    }),
  );

  it("reaches users of the package for each option of the table", () => {
    expect([...documentation.keys()].sort()).toEqual(Object.keys(poolOptions).sort());
    for (const [name, text] of documentation) expect(text, name).toMatch(/^[A-Z][\s\S]*\.$/);
  });

  it.each(entries)("states the default of %s as in the table", (name, spec) => {
    if (spec.default === undefined) return;
    const shown =
      typeof spec.default === "number" ? spec.default.toLocaleString("en") : spec.default;
    expect(documentation.get(name)?.replaceAll("`", "")).toMatch(
      new RegExp(`Default[^.]*: ${shown}\\b`),
    );
  });

  it.each(entries)("says what 0 means for %s, if it is milliseconds", (name, spec) => {
    if (spec.type !== "milliseconds") return;
    expect(documentation.get(name)).toMatch(/Milliseconds[\s\S]*(;\s0 |Default: 0,)/i);
  });
});

describe("settleOptions", () => {
  it("uses the table's defaults", () => {
    const settings = settleOptions(options);
    for (const [name, spec] of entries) {
      if (spec.default !== undefined) expect(settings[name], name).toBe(spec.default);
    }
  });

  it("limits the defaults of the spare bounds to the number of workers", () => {
    const settings = settleOptions({ ...options, pm: "dynamic", maxChildren: 2 });
    expect(settings).toMatchObject({ minSpareServers: 1, maxSpareServers: 2, startServers: 1 });
  });

  it("starts a delegating pool with one worker, and ends none for being idle", () => {
    const settings = settleOptions({ ...options, mode: "delegate" });
    expect(settings).toMatchObject({ pm: "ondemand", startServers: 1, processIdleTimeout: 0 });
  });

  it.each<[Partial<Record<PoolOptionName, unknown>>, string]>([
    [{ maxChildren: 0 }, "maxChildren is 0, not a whole number from 1 on"],
    [{ concurrency: 1.5 }, "concurrency is 1.5, not a whole number from 1 on"],
    [{ maxRequests: -1 }, "maxRequests is -1, not a whole number from 0 on"],
    [{ serve: { idleTimeout: -1 } }, "serve: idleTimeout is -1, not milliseconds"],
    [{ backlog: Number.NaN }, "backlog is NaN, not a whole number from 1 on"],
    [{ drainTimeout: -1 }, "drainTimeout is -1, not milliseconds from 0 to 2147483647"],
    [{ queueTimeout: Infinity }, "queueTimeout is Infinity, not milliseconds from 0 to 2147483647"],
    [{ startTimeout: "5s" }, "startTimeout is 5s, not milliseconds from 0 to 2147483647"],
    [{ pm: "sometimes" }, 'pm: "sometimes" is none of static, dynamic, ondemand'],
    [{ protocol: "cgi" }, 'protocol: "cgi" is none of fcgi, scgi, uwsgi, http'],
    [{ statusPath: "/a b" }, 'statusPath: "/a b" is not the path of a page'],
    [{ affinity: true }, "affinity: sessions need a master that passes connections to workers"],
    [{ socketMode: "rw" }, 'socketMode: "rw" is not a file mode'],
  ])("refuses %j", (wrong, message) => {
    const given = { ...options, ...wrong } as PoolOptions;
    expect(() => settleOptions(given)).toThrowError(message);
  });

  it("spells options in its messages as the caller asks", () => {
    const settle = () => settleOptions({ ...options, maxChildren: 0 }, (name) => `<${name}>`);
    expect(settle).toThrowError("<maxChildren> is 0, not a whole number from 1 on");
  });
});

describe("options of the wrong kind", () => {
  it.each([
    [{}, "listen is undefined"],
    [{ ...options, listen: null }, "listen is null"],
    [{ ...options, listen: 9_000 }, "listen is 9000"],
    [{ ...options, application: 5 }, "application is 5"],
    [{ ...options, statusListen: 9_001 }, "statusListen is 9001"],
  ])("%j is refused by name", (given, message) => {
    expect(() => settleOptions(given as unknown as PoolOptions)).toThrow(
      expect.objectContaining({ code: "bad_input", message: expect.stringContaining(message) }),
    );
  });
});
