// Type-checks the packed package as its users do, without skipLibCheck: with the oldest TypeScript
// that the README names and with the newest, and without @types/node for the doors that need none.
// Argument: the tarball that `npm pack` made.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const installed = join(dirname(dirname(fileURLToPath(import.meta.url))), "node_modules");
const COMPILERS = ["typescript-5.7", "typescript"];
const PROJECTS = [
  { name: "without @types/node", doors: ["", "/codec", "/describe", "/edge"], packages: [] },
  {
    name: "with @types/node",
    doors: ["/apache", "/server"],
    packages: ["@types/node", "undici-types"],
  },
];
const OPTIONS = {
  target: "ES2022",
  lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
};

function makeProject({ doors, packages }, tarball) {
  const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-types-"));
  const library = join(folder, "node_modules", "fcgi-probe");
  mkdirSync(library, { recursive: true });
  const unpacked = spawnSync("tar", ["-xzf", tarball, "-C", library, "--strip-components", "1"]);
  if (unpacked.status !== 0) throw new Error(`tar failed: ${unpacked.stderr}`);
  for (const name of packages) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(join(installed, name), join(folder, "node_modules", name), "junction");
  }
  const exports = doors.map((door, at) => `export * as door${at} from "fcgi-probe${door}";\n`);
  writeFileSync(join(folder, "index.mts"), exports.join(""));
  const compilerOptions = { ...OPTIONS, types: packages.includes("@types/node") ? ["node"] : [] };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["index.mts"] }),
  );
  return folder;
}

let failed = false;
for (const project of PROJECTS) {
  const folder = makeProject(project, process.argv[2]);
  try {
    for (const compiler of COMPILERS) {
      const tsc = join(installed, compiler, "bin", "tsc");
      const { status, stdout } = spawnSync(process.execPath, [tsc, "--project", folder], {
        encoding: "utf8",
      });
      if (status === 0) continue;
      failed = true;
      process.stdout.write(`${compiler}, ${project.name}:\n${stdout}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exit(failed ? 1 : 0);
