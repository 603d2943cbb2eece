import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadError } from "../../src/pool/load-application.js";
import { makeFolder } from "../harness/server-process.js";
import { startMaster, writeApplication } from "../pool/master.js";
import { spawnCommand } from "./cli.js";

let folder: string;
beforeAll(() => {
  folder = makeFolder();
  mkdirSync(join(folder, "folder"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the command prints for a module that it cannot serve. */
async function refusal(name: string, text?: string, ...args: string[]): Promise<string> {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  const listen = ["--listen", `unix:${folder}/app.sock`];
  const options = args.length > 0 ? args : [...listen, "--workers", "2"];
  const env = { REQUEST_METHOD: "GET" };
  const { code, stdout, stderr } = await spawnCommand(["serve", path, ...options], { env });
  expect([code, stdout]).toEqual([2, ""]);
  return stderr.replaceAll(folder, "FOLDER");
}

/** Whether this Node strips types: it does from 22.18 on. */
const runsTypeScript = Boolean((process.features as { typescript?: unknown }).typescript);

/** Modules that cannot be served: name, text, message and hint. */
type Unusable = [name: string, text: string | undefined, message: string, hint: string];

const typeScript: Unusable = [
  "app.ts",
  "export default (): Response => new Response();",
  'Unknown file extension ".ts" for FOLDER/app.ts',
  `compile it to JavaScript, or use Node 22.18 or later: this is ${process.version}`,
];

const modules: Unusable[] = [
  ["missing.mjs", undefined, "there is no file FOLDER/missing.mjs", "check the path"],
  ["missing/app.mjs", undefined, "there is no file FOLDER/missing/app.mjs", "check the path"],
  [`${"x".repeat(300)}.mjs`, undefined, "cannot read FOLDER/xxx", "check the path"],
  ["folder", undefined, "FOLDER/folder is a folder", "name the application's module"],
  ["syntax.mjs", "export default (", "SyntaxError: ", 'run "node FOLDER/syntax.mjs" to see where'],
  [
    "import.mjs",
    'import "no-such-package";',
    "Cannot find package 'no-such-package' imported from FOLDER/import.mjs",
    "install the missing package",
  ],
  [
    "export.mjs",
    'import { nothing } from "node:fs";',
    "SyntaxError: The requested module 'node:fs' does not provide an export named 'nothing' (FOLDER/export.mjs:1)",
    'run "node FOLDER/export.mjs"',
  ],
  [
    "throws.mjs",
    'throw new Error("no database\\nsecond line");',
    "Error: no database (FOLDER/throws.mjs:1:7)",
    'run "node FOLDER/throws.mjs"',
  ],
  ["text.mjs", 'throw "some text";', "the module threw some text", 'run "node FOLDER/text.mjs"'],
  ["null.mjs", "throw null;", "the module threw null", 'run "node FOLDER/null.mjs"'],
  ["bare.mjs", "throw Object.create(null);", "the module threw [Object: null prototype] {}", "run"],
  ["app.tsx", "<a/>", 'Unknown file extension ".tsx" for FOLDER/app.tsx', "compile it"],
  ...(runsTypeScript ? [] : [typeScript]),
  ["app.txt", "x", 'Unknown file extension ".txt" for FOLDER/app.txt', "name it .mjs or .js"],
  [
    "no-handler.mjs",
    "export const x = 1;",
    "file://FOLDER/no-handler.mjs has no handler as its default export",
    "export default (request, context)",
  ],
];

describe("a module that cannot be served takes one line and a hint:", () => {
  it.each(modules)("%s", async (name, text, message, hint) => {
    const prefix = text === undefined ? "" : "the application cannot be loaded: ";
    const [line, hintLine, ...more] = (await refusal(name, text)).split("\n");
    expect(line).toContain(`fcgi-probe: ${prefix}${message}`);
    expect(line).not.toContain("\\n");
    expect(hintLine).toContain(`hint: ${hint}`);
    expect(more).toEqual([""]);
  });

  it.each(modules)("%s as a CGI program", async (name, text, message, hint) => {
    const [line, hintLine, ...more] = (await refusal(name, text, "--cgi")).split("\n");
    expect(line).toContain(`fcgi-probe: ${message}`);
    expect(hintLine).toContain(`hint: ${hint}`);
    expect(more).toEqual([""]);
  });

  it("TypeScript that a later Node cannot strip", () => {
    const path = writeApplication(folder, "");
    const error = Object.assign(new SyntaxError("TypeScript enum is not supported"), {
      code: "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
      stack: `${path}:3\nenum A {}\n^^^^\n\nSyntaxError: TypeScript enum is not supported\n`,
    });
    expect(loadError(error, `file://${path}`)).toMatchObject({
      message: `SyntaxError: TypeScript enum is not supported (${path}:3)`,
      hint: "compile it to JavaScript: Node only strips types",
    });
  });
});

describe("a reload with a module that can no longer be served", () => {
  it("says why in one line of the log, and the old workers stay", async () => {
    const path = writeApplication(folder, "export default () => new Response('1 old');");
    await using master = await startMaster(["--workers", "1"], { application: path });
    writeFileSync(path, 'throw new Error("new\\nfault");');
    master.signal("SIGHUP");
    await master.logged("reload failed");
    expect(master.log).toContain(`cannot load the application: Error: new (${path}:1:7)\n`);
    expect(master.log).not.toContain("    at ");
    expect((await master.request("/")).text).toBe("old");
  });
});
