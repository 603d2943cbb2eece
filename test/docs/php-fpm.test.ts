import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { entriesOf, poolFields, processFields } from "../../src/status-page/fields.js";
import { describeWith } from "../harness/describe-with.js";
import { makeFolder } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";
import { blocksOf, readPage, tableBelow } from "./pages.js";

const page = readPage("docs/php-fpm.md");

/** The keys in the first column of a table. */
const keysBelow = (heading: string): string[] =>
  tableBelow(page, heading).flatMap(([cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, key = ""]) => key),
  );

describe("docs/php-fpm.md", () => {
  it("explains every number of a pool", () => {
    const keys = entriesOf(poolFields).map(([, { key }]) => key);
    expect(keysBelow("What the numbers of a pool mean")).toEqual(keys);
  });

  it("explains every number of a process", () => {
    const keys = entriesOf(processFields).map(([, { key }]) => key);
    expect(keysBelow("What the numbers of a process mean")).toEqual(keys);
  });
});

describeWith(["php-fpm"], "the configurations of docs/php-fpm.md", () => {
  const folder = makeFolder();
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(
    blocksOf(page)
      .filter(({ language }) => language === "ini")
      .map(({ kind, text }) => [kind, text] as const),
  )("are ones that php-fpm takes: %s", (kind, text) => {
    const lines = text.replaceAll("/var/log/php-fpm", folder);
    const [inGlobal, inPool] = kind === "global" ? [lines, ""] : ["", lines];
    const configuration = `[global]\nerror_log = ${folder}/log\n${inGlobal}
[www]\nuser = nobody\nlisten = ${folder}/www.sock\npm = static\npm.max_children = 2\n${inPool}`;
    const file = join(folder, "php-fpm.conf");
    writeFileSync(file, configuration);
    const php = requireServer("php-fpm");
    execFileSync(php, ["--test", "--fpm-config", file], { stdio: "pipe" });
  });
});
