// Type-checks the packed package as its users do, without skipLibCheck. Arguments: the tarball that
// `npm pack` made, and `--all` for every TypeScript from the oldest that the README names (those of
// test/bundlers must be installed), not only the oldest and the newest.
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ours = join(root, "node_modules");
const tools = join(root, "test", "bundlers", "node_modules");
const [, , tarball, all] = process.argv;
const COMPILERS = [
  join(ours, "typescript-5.7"),
  ...(all === "--all" ? [join(tools, "typescript-5.9"), join(tools, "typescript-6")] : []),
  join(ours, "typescript"),
];
/** The oldest and the newest, which are enough for the second of the settings. */
const ENDS = [COMPILERS[0], COMPILERS.at(-1)];

const NEUTRAL = ["codec", "describe", "edge"];
/** Where users run the package, with a program that uses it there. */
const PLACES = [
  {
    name: "the DOM alone",
    lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    doors: ["", ...NEUTRAL],
    packages: {},
    program: `import { type StatusOptions, status } from "fcgi-probe";
export const pool = (options: StatusOptions): Promise<number> =>
  status("127.0.0.1:9000/status", options).then(({ warnings }) => warnings.length);
`,
  },
  {
    name: "Node",
    lib: ["ES2023"],
    doors: ["", ...NEUTRAL, "apache", "exporter", "server"],
    packages: { "@types/node": ours, "undici-types": ours },
    types: ["node"],
    program: `import { type Handler, serve } from "fcgi-probe/server";
const handler: Handler = (request) => new Response(request.url);
export const server = serve(handler, { listen: "127.0.0.1:9000" });
`,
  },
  {
    name: "Workers",
    lib: ["ES2023"],
    doors: NEUTRAL,
    packages: { "@cloudflare/workers-types": tools },
    types: ["@cloudflare/workers-types"],
    program: `import { connect } from "cloudflare:sockets";
import { gatewayFetchOver, statusOver } from "fcgi-probe/edge";
export const pool = () => statusOver(connect({ hostname: "x", port: 9000 }));
export default {
  fetch: (request: Request): Promise<Response> =>
    gatewayFetchOver(connect({ hostname: "x", port: 9000 }), request, { scriptFilename: "/x.php" }),
};
`,
  },
];
/** How the package is resolved, and the option that changes what its types accept. */
const SETTINGS = [
  { module: "NodeNext", moduleResolution: "NodeNext", exactOptionalPropertyTypes: true },
  { module: "ESNext", moduleResolution: "Bundler", exactOptionalPropertyTypes: false },
];

function makeProject(folder) {
  const library = join(folder, "node_modules", "fcgi-probe");
  mkdirSync(library, { recursive: true });
  const unpacked = spawnSync("tar", ["-xzf", tarball, "-C", library, "--strip-components", "1"]);
  if (unpacked.status !== 0) throw new Error(`tar failed: ${unpacked.stderr}`);
}

/** A project of one place: every door that there is, and the program. */
function makePlace(folder, { doors, packages, program }) {
  mkdirSync(folder);
  for (const [name, from] of Object.entries(packages)) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(join(from, name), join(folder, "node_modules", name), "junction");
  }
  const exported = doors.map((door, at) => {
    const specifier = door === "" ? "fcgi-probe" : `fcgi-probe/${door}`;
    return `export * as door${at} from "${specifier}";\n`;
  });
  writeFileSync(join(folder, "doors.mts"), exported.join(""));
  writeFileSync(join(folder, "program.mts"), program);
}

/** The checks that are to be made, each with its name and the arguments of `tsc`. */
function* checks(folder) {
  for (const [at, place] of PLACES.entries()) {
    if (all !== "--all" && place.name === "Workers") continue;
    makePlace(join(folder, `${at}`), place);
    for (const [number, settings] of SETTINGS.entries()) {
      const path = join(folder, `${at}`, `tsconfig.${number}.json`);
      const { lib, types = [] } = place;
      const options = { target: "ES2022", strict: true, noEmit: true, lib, types, ...settings };
      const files = ["doors.mts", "program.mts"];
      writeFileSync(path, JSON.stringify({ compilerOptions: options, files }));
      const isMain = settings.moduleResolution === "NodeNext";
      for (const compiler of COMPILERS) {
        if (!isMain && !ENDS.includes(compiler)) continue;
        const name = `${place.name}, ${settings.moduleResolution}, ${compiler.split("/").at(-1)}`;
        yield { name, args: [join(compiler, "bin", "tsc"), "--project", path] };
      }
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-types-"));
try {
  makeProject(folder);
  const waiting = [...checks(folder)];
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { name, args } = check;
      await promisify(execFile)(process.execPath, args).catch(({ stdout, stderr }) => {
        process.exitCode = 1;
        process.stdout.write(`${name}:\n${stdout}${stderr}\n`);
      });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
