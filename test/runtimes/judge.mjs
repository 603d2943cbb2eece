// Runs a program that reports behaviours, and says how they went.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const MARK = "fcgi-probe behaviours:";
const isCI = !["", "0", "false"].includes(process.env.CI ?? "");

/** The engine is the package's own choice here, whatever our environment asks for. */
const { FCGI_PROBE_ENGINE: _, ...env } = process.env;

export { env };

/** What a runtime reported; undefined when it reported nothing. */
function reportIn(output) {
  const line = output.split("\n").find((each) => each.includes(MARK));
  return line === undefined ? undefined : JSON.parse(line.slice(line.indexOf(MARK) + MARK.length));
}

const failed = (feature, name, failure) => ({ results: [{ feature, name, failure }] });

/**
 * @returns `results`, each with a `feature`, a `name` and the `failure` if there is one, and whether
 * the program `isMissing`. A missing program is a failure where CI is set.
 */
export function judge({ name, engine = "webassembly", program, prepare, args }, folder) {
  if (!existsSync(program)) {
    if (isCI) return failed("codec", name, `${program} is missing`);
    return { results: [], isMissing: true };
  }
  prepare?.(folder);
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  const report = reportIn(`${stdout}\n${stderr}`);
  if (report === undefined || status !== 0) {
    const output = `${error?.message ?? `exit ${status}`}\n${stdout}${stderr}`.trimEnd();
    return failed("codec", name, output);
  }
  const { results } = report;
  if (report.engine === engine) return { results };
  const failure = `it is ${report.engine}, not ${engine}`;
  return { results: [...results, { feature: "codec", name: "the engine", failure }] };
}
