import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { type Import, importsOf, isReExportsOnly } from "./imports.js";

/** The sources by their path below src/, such as `engine/select.ts`. */
export type Sources = ReadonlyMap<string, string>;

const PROTOCOLS = ["fastcgi", "scgi", "uwsgi", "cgi", "engine"];
const STATUS_READERS = ["phpfpm", "apache", "fleet", "client", "status-page", "cgi", "engine"];

/** The arrows: the rooms that each room may import from. What is not listed is refused. */
const ARROWS: ReadonlyMap<string, readonly string[]> = new Map([
  ["engine", []],
  ["cgi", ["engine"]],
  ["fastcgi", ["cgi", "engine"]],
  ["scgi", ["cgi", "engine"]],
  ["uwsgi", ["cgi", "engine"]],
  ["capture", []],
  ["describe", ["capture", "terminal", ...PROTOCOLS]],
  ["transport", ["cgi", "engine"]],
  ["client", ["transport", ...PROTOCOLS]],
  ["server", ["transport", ...PROTOCOLS]],
  ["status-page", ["cgi", "engine"]],
  // The one retry is in fleet, which knows nothing of what its probes read.
  ["fleet", []],
  ["phpfpm", ["client", "fleet", "status-page", "transport", ...PROTOCOLS]],
  ["apache", ["client", "transport", "cgi", "engine"]],
  ["pool", ["server", "status-page", "transport", ...PROTOCOLS]],
  ["discovery", ["apache", "client", "transport"]],
  ["check", ["apache", "status-page", "transport"]],
  ["yaml", []],
  ["web", ["yaml", "transport"]],
  ["tap", ["capture", "client", "transport", ...PROTOCOLS]],
  ["load", ["phpfpm", "fleet", "client", "status-page", "transport", ...PROTOCOLS]],
  ["doctor", ["discovery", "transport", ...STATUS_READERS]],
  ["exporter", ["discovery", "transport", "yaml", ...STATUS_READERS]],
  // What leans on Node's internals is in one file.
  ["terminal", ["transport"]],
  ["manual", []],
  ["top", ["discovery", "transport", ...STATUS_READERS]],
  [
    "cli",
    [
      "tap",
      "capture",
      "describe",
      "load",
      "doctor",
      "check",
      "exporter",
      "top",
      "web",
      "discovery",
      "pool",
      "server",
      "terminal",
      "manual",
      ...STATUS_READERS,
      ...PROTOCOLS,
    ],
  ],
  ["apache-manager", ["cli", "terminal", "discovery", "apache"]],
]);
/** What every room but the engine may import. A leaf imports other leaves alone. */
const LEAVES: ReadonlySet<string> = new Set([
  "errors.ts",
  "limits.ts",
  "arguments.ts",
  "listeners.ts",
  "numbers.ts",
  "shown.ts",
  "bytes.ts",
  "address.ts",
]);
const DOORS: ReadonlySet<string> = new Set([
  "index.ts",
  "codec.ts",
  "server.ts",
  "edge.ts",
  "apache.ts",
  "exporter.ts",
  "describe.ts",
]);
/** The doors whose whole reach runs where there is no Node. */
const NEUTRAL_DOORS = ["codec.ts", "describe.ts", "edge.ts"];
/** What imports a module that its user names. */
const LOADERS: ReadonlySet<string> = new Set(["pool/load-application.ts"]);
/** The one import of the engine from outside: the compiled module. */
const WASM = "#wasm";

const isRelative = (specifier: string) => specifier.startsWith(".");
const room = (file: string) => file.slice(0, file.indexOf("/"));

/** The file below src/ that a relative import names. Imports carry `.js`, the files are `.ts`. */
function target(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
}

function localTargets(sources: Sources, file: string): string[] {
  return importsOf(sources.get(file) ?? "").flatMap(({ specifier }) =>
    specifier !== undefined && isRelative(specifier) ? [target(file, specifier)] : [],
  );
}

/** Why `from` may not import `to`; undefined when it may. */
function forbidden(from: string, to: string): string | undefined {
  if (DOORS.has(to)) return "the doors are for other packages";
  if (DOORS.has(from)) return undefined;
  if (LEAVES.has(to)) return room(from) === "engine" ? "the engine imports nothing" : undefined;
  if (LEAVES.has(from)) return "a leaf imports other leaves alone";
  const [fromRoom, toRoom] = [room(from), room(to)];
  if (fromRoom === toRoom || ARROWS.get(fromRoom)?.includes(toRoom)) return undefined;
  return `${fromRoom} does not import ${toRoom}`;
}

function checkImport(sources: Sources, file: string, { specifier }: Import): string[] {
  if (specifier === undefined) {
    return LOADERS.has(file) ? [] : [`${file}: imports what is computed at run time`];
  }
  if (isRelative(specifier)) {
    const to = target(file, specifier);
    if (!specifier.endsWith(".js")) return [`${file}: ${specifier} does not end in .js`];
    if (!sources.has(to)) return [`${file}: ${specifier} does not exist`];
    const why = forbidden(file, to);
    return why === undefined ? [] : [`${file} imports ${to}: ${why}`];
  }
  if (specifier === WASM) {
    return room(file) === "engine" ? [] : [`${file} imports ${WASM}: only the engine may`];
  }
  if (room(file) === "engine") return [`${file} imports ${specifier}: the engine imports nothing`];
  if (LEAVES.has(file)) return [`${file} imports ${specifier}: a leaf imports other leaves alone`];
  if (isBuiltin(specifier) && !specifier.startsWith("node:")) {
    return [`${file} imports ${specifier}: write node:${specifier}`];
  }
  return [];
}

/** Violations of the arrows: which room imports from which. */
export function checkArrows(sources: Sources): string[] {
  const violations: string[] = [];
  for (const [file, source] of sources) {
    if (file.includes("/") ? !ARROWS.has(room(file)) : !DOORS.has(file) && !LEAVES.has(file)) {
      violations.push(`${file}: is in no room of the design`);
      continue;
    }
    for (const found of importsOf(source)) violations.push(...checkImport(sources, file, found));
  }
  return violations;
}

/** Violations of neutrality: what the doors for every runtime reach that is not ours. */
export function checkNeutrality(sources: Sources): string[] {
  const violations: string[] = [];
  const via = new Map(
    NEUTRAL_DOORS.filter((door) => sources.has(door)).map((door) => [door, door]),
  );
  for (const [file, path] of via) {
    for (const { specifier } of importsOf(sources.get(file) ?? "")) {
      if (specifier === undefined || specifier === WASM) continue;
      if (!isRelative(specifier)) {
        violations.push(`${path} imports ${specifier}`);
        continue;
      }
      const next = target(file, specifier);
      if (!via.has(next)) via.set(next, `${path} -> ${next}`);
    }
  }
  return violations;
}

/** Doors with more in them than re-exports. */
export function checkDoors(sources: Sources): string[] {
  return [...DOORS]
    .filter((door) => sources.has(door) && !isReExportsOnly(sources.get(door) ?? ""))
    .map((door) => `${door}: a door has re-exports only`);
}

/** Import cycles, each as the path that closes it. */
export function checkCycles(sources: Sources): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const seen = path.indexOf(file);
    if (seen >= 0) {
      cycles.push([...path.slice(seen), file].join(" -> "));
      return;
    }
    if (done.has(file)) return;
    for (const next of localTargets(sources, file)) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of sources.keys()) visit(file, []);
  return cycles;
}

const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|function\*?|const|let|interface|type|enum) (\w+)/gm;

/** Names that more than one file exports: one name means one thing in the whole package. */
export function checkNames(sources: Sources): string[] {
  const files = new Map<string, string[]>();
  for (const [file, source] of sources) {
    for (const name of new Set([...source.matchAll(EXPORTED)].map((match) => match[1] ?? ""))) {
      files.set(name, [...(files.get(name) ?? []), file]);
    }
  }
  return [...files]
    .filter(([, exporters]) => exporters.length > 1)
    .map(([name, exporters]) => `${name} is exported by ${exporters.join(" and ")}`);
}

/** Rooms that hold more than a sixth of all lines: such a room is more than one. */
export function checkRoomSizes(sources: Sources): string[] {
  const sizes = new Map<string, number>();
  let total = 0;
  for (const [file, source] of sources) {
    const lines = source.split("\n").length - 1;
    total += lines;
    if (file.includes("/")) sizes.set(room(file), (sizes.get(room(file)) ?? 0) + lines);
  }
  return [...sizes]
    .filter(([, lines]) => lines > total / 6)
    .map(([name, lines]) => `${name} holds ${lines} of ${total} lines`);
}
