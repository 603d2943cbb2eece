import { describe, expect, it } from "vitest";
import {
  checkArrows,
  checkCycles,
  checkDoors,
  checkNames,
  checkNeutrality,
  checkRoomSizes,
  type Sources,
} from "./rules.js";

const graph = (files: Record<string, string>): Sources => new Map(Object.entries(files));

describe("checkArrows", () => {
  const violation = (files: Record<string, string>) => checkArrows(graph(files)).join("\n");
  const empty = "";

  it("accepts the design", () => {
    const files = graph({
      "errors.ts": empty,
      "address.ts": 'import { a } from "./errors.js";',
      "engine/select.ts": 'import x from "#wasm";\nimport { a } from "./engine.js";',
      "engine/engine.ts": empty,
      "cgi/head.ts": 'import { a } from "../errors.js";',
      "fastcgi/codec.ts": 'import { a } from "../cgi/head.js";\nimport "../engine/select.js";',
      "transport/connect.ts": 'import net from "node:net";',
      "client/fetch.ts":
        'import { a } from "../fastcgi/codec.js";\nimport { b } from "../transport/connect.js";',
      "server/serve.ts": 'import { a } from "../transport/connect.js";',
      "status-page/fields.ts": 'import { a } from "../cgi/head.js";',
      "phpfpm/status.ts":
        'import { a } from "../client/fetch.js";\nimport { b } from "../fleet/probe.js";',
      "fleet/probe.ts": 'import { a } from "../errors.js";',
      "pool/master.ts":
        'import { a } from "../server/serve.js";\nimport { b } from "../status-page/fields.js";',
      "exporter/prometheus.ts": 'import { a } from "../phpfpm/status.js";',
      "cli/main.ts":
        'import { a } from "../exporter/prometheus.js";\nimport { b } from "../pool/master.js";\nimport c from "commander";',
      "index.ts":
        'export { a } from "./client/fetch.js";\nexport { b } from "./transport/connect.js";',
    });
    expect(checkArrows(files)).toEqual([]);
  });

  const importing = (from: string, to: string) => {
    const path = from.includes("/") ? `../${to}` : `./${to}`;
    return { [from]: `import { a } from "${path.replace(/\.ts$/, ".js")}";`, [to]: empty };
  };
  it.each([
    ["client/fetch.ts", "server/serve.ts", "client does not import server"],
    ["server/serve.ts", "client/fetch.ts", "server does not import client"],
    ["server/serve.ts", "pool/master.ts", "server does not import pool"],
    ["pool/master.ts", "client/fetch.ts", "pool does not import client"],
    ["scgi/codec.ts", "uwsgi/codec.ts", "scgi does not import uwsgi"],
    ["fastcgi/codec.ts", "client/fetch.ts", "fastcgi does not import client"],
    ["cgi/head.ts", "fastcgi/codec.ts", "cgi does not import fastcgi"],
    ["fleet/probe.ts", "phpfpm/status.ts", "fleet does not import phpfpm"],
    ["phpfpm/status.ts", "apache/status.ts", "phpfpm does not import apache"],
    ["uwsgi/client.ts", "transport/connect.ts", "uwsgi does not import transport"],
    ["cli/main.ts", "transport/connect.ts", "cli does not import transport"],
    ["status-page/fields.ts", "phpfpm/status.ts", "status-page does not import phpfpm"],
    ["discovery/master.ts", "pool/master.ts", "discovery does not import pool"],
    ["engine/select.ts", "errors.ts", "the engine imports nothing"],
    ["engine/select.ts", "cgi/head.ts", "engine does not import cgi"],
    ["errors.ts", "cgi/head.ts", "a leaf imports other leaves alone"],
    ["cli/main.ts", "index.ts", "the doors are for other packages"],
  ])("refuses that %s imports %s", (from, to, why) => {
    expect(violation(importing(from, to))).toBe(`${from} imports ${to}: ${why}`);
  });

  it("looks at types as at values", () => {
    const source = 'import type { A } from "../client/fetch.js";';
    expect(violation({ "cgi/head.ts": source, "client/fetch.ts": empty })).toContain("client");
  });

  it.each([
    ["engine/select.ts", 'import fs from "node:fs";', "the engine imports nothing"],
    ["engine/select.ts", 'import x from "some-package";', "the engine imports nothing"],
    ["limits.ts", 'import fs from "node:fs";', "a leaf imports other leaves alone"],
    ["fastcgi/codec.ts", 'import x from "#wasm";', "only the engine may"],
    ["transport/connect.ts", 'import net from "net";', "write node:net"],
    ["cli/main.ts", 'import { a } from "./gone.js";', "does not exist"],
    ["cli/main.ts", 'import { a } from "./main";', "does not end in .js"],
    ["cli/main.ts", "await import(name);", "computed at run time"],
    ["helpers/a.ts", "", "is in no room of the design"],
    ["helpers.ts", "", "is in no room of the design"],
  ])("refuses %s with %j", (file, source, why) => {
    expect(violation({ [file]: source })).toContain(why);
  });
});

describe("checkNeutrality", () => {
  it("follows imports, re-exports and types to the import of Node's", () => {
    const files = graph({
      "codec.ts": 'export { a } from "./cgi/a.js";',
      "cgi/a.ts": 'import type { b } from "../cgi/b.js";',
      "cgi/b.ts": 'import type { Socket } from "node:net";',
    });
    expect(checkNeutrality(files)).toEqual(["codec.ts -> cgi/a.ts -> cgi/b.ts imports node:net"]);
  });

  it("starts at edge.ts too, and refuses other packages", () => {
    const files = graph({ "edge.ts": 'export { a } from "buffer";' });
    expect(checkNeutrality(files)).toEqual(["edge.ts imports buffer"]);
  });

  it("leaves alone what the neutral doors do not reach", () => {
    const files = graph({
      "codec.ts": 'export { a } from "./cgi/a.js";',
      "cgi/a.ts": 'import module from "#wasm";',
      "index.ts": 'export { b } from "./transport/b.js";',
      "transport/b.ts": 'import net from "node:net";',
    });
    expect(checkNeutrality(files)).toEqual([]);
  });
});

describe("checkDoors", () => {
  it("names the door that has code in it", () => {
    const files = graph({
      "index.ts": "export const a = 1;",
      "codec.ts": 'export * from "./a.js";',
    });
    expect(checkDoors(files)).toEqual(["index.ts: a door has re-exports only"]);
  });
});

describe("checkCycles", () => {
  it("finds a cycle through types and dynamic imports", () => {
    const files = graph({
      "cgi/a.ts": 'import type { B } from "./b.js";',
      "cgi/b.ts": 'const c = import("./c.js");',
      "cgi/c.ts": 'export { a } from "./a.js";',
    });
    expect(checkCycles(files)).toEqual(["cgi/a.ts -> cgi/b.ts -> cgi/c.ts -> cgi/a.ts"]);
  });

  it("accepts a diamond", () => {
    const files = graph({
      "cgi/a.ts": 'import "./b.js";\nimport "./c.js";',
      "cgi/b.ts": 'import "./d.js";',
      "cgi/c.ts": 'import "./d.js";',
      "cgi/d.ts": "",
    });
    expect(checkCycles(files)).toEqual([]);
  });
});

describe("checkNames", () => {
  it("finds a name that two files export, of any kind", () => {
    const found = checkNames(
      graph({
        "cgi/a.ts": "export const limit = 1;\nexport interface Options {}\nconst own = 1;",
        "scgi/b.ts": "export async function limit() {}\nconst own = 2;",
        "uwsgi/c.ts": "export abstract class Options {}",
      }),
    );
    expect(found).toEqual([
      "limit is exported by cgi/a.ts and scgi/b.ts",
      "Options is exported by cgi/a.ts and uwsgi/c.ts",
    ]);
  });

  it("accepts overloads and re-exports", () => {
    const found = checkNames(
      graph({
        "cgi/a.ts":
          "export function read(a: string): void;\nexport function read(a: number): void;",
        "index.ts": 'export { read } from "./cgi/a.js";',
      }),
    );
    expect(found).toEqual([]);
  });
});

describe("checkRoomSizes", () => {
  it("finds a room with more than a sixth of all lines", () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`room${at}/a.ts`, "\n\n"]));
    expect(checkRoomSizes(graph({ ...files, "large/a.ts": "\n", "large/b.ts": "\n\n" }))).toEqual([
      "large holds 3 of 13 lines",
    ]);
    expect(checkRoomSizes(graph({ ...files, "sixth/a.ts": "\n\n" }))).toEqual([]);
  });
});
