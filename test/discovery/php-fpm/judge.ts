import { spawnSync } from "node:child_process";
import { requireServer } from "../../harness/servers.js";

/** What `php-fpm -tt` says about a configuration. */
export interface Verdict {
  /** Whether php-fpm accepts it. */
  readonly isAccepted: boolean;
  /** Its values of each pool by the names of the pools, and of `global`. */
  readonly sections: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly output: string;
}

/** Asks the real php-fpm about a configuration file. */
export function judge(
  file: string,
  environment: Record<string, string> = {},
  more: readonly string[] = [],
): Verdict {
  const isRoot = process.getuid?.() === 0;
  const args = [...(isRoot ? ["-R"] : []), "-n", "-tt", "-y", file, ...more];
  const result = spawnSync(requireServer("php-fpm"), args, {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "", LANG: "C", ...environment },
  });
  const output = result.stderr;
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of output.split("\n")) {
    const text = /^\[[^\]]*\] NOTICE: (.*)$/s.exec(line)?.[1] ?? "";
    const name = /^\[(.*)\]$/.exec(text)?.[1];
    if (name !== undefined) {
      section = new Map();
      sections.set(name, section);
    }
    const value = /^\t(\S+) = (.*)$/s.exec(text);
    if (value !== null) section.set(value[1] ?? "", value[2] ?? "");
  }
  return { isAccepted: result.status === 0, sections, output };
}
