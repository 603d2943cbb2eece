import { packageVersion } from "../exporter/package-version.js";
import { commandReference } from "../manual/command-reference.js";
import { allCommands, type CommandSpec } from "../manual/command-spec.js";
import { manPage, pageName } from "../manual/man-page.js";
import { programSpec } from "./command-specs.js";
import { createIo } from "./io.js";
import { wholeProgram } from "./program.js";

/** The files of the manual by their paths in the package: docs/cli.md, and a page for each command. */
export async function manualFiles(): Promise<Map<string, string>> {
  const program = programSpec(await wholeProgram(createIo(process, new AbortController())));
  const files = new Map([["docs/cli.md", commandReference(program)]]);
  for (const spec of allCommands(program)) {
    const page = manPage(spec, parentOf(spec, program), packageVersion());
    files.set(`man/${pageName(spec)}.1`, page);
  }
  return files;
}

function parentOf(spec: CommandSpec, program: CommandSpec): CommandSpec | undefined {
  return allCommands(program).find(({ commands }) => commands.includes(spec));
}
