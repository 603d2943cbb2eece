import { dirname, isAbsolute, join } from "node:path";
import { filesOf, readLines } from "../apache/configuration/configuration-files.js";
import type { ProcessInfo, ProcessTable } from "../apache/processes/process-table.js";
import type { NotLookedAt } from "./evidence.js";
import type { FrontEnd } from "./front-end.js";

/** The most files of a configuration that are read. */
const MAX_FILES = 2_000;
const TITLE = /^nginx: master process (.*)$/s;

/** The servers of a configuration that requests are passed to, and its logs. */
interface NginxConfiguration {
  readonly backends: { address: string; source: string }[];
  readonly errorLogs: string[];
}

/** Finds the nginxes that run here, and what their configurations pass requests to. */
export function findNginxes(table: ProcessTable, missing: NotLookedAt[]): FrontEnd[] {
  const all = table.list();
  return all.flatMap((process) => {
    const command = TITLE.exec(process.title ?? "")?.[1];
    if (command === undefined) return [];
    const { file, log } = optionsOf(command);
    const { backends, errorLogs } = readNginx(file, missing);
    const children = all.filter(({ parentPid }: ProcessInfo) => parentPid === process.pid);
    return [
      {
        name: "nginx" as const,
        workers: children.map(({ pid }) => pid),
        backends,
        errorLogs: [...errorLogs, ...(log === undefined ? [] : [log])],
      },
    ];
  });
}

/** The options that nginx shows in the title of its master. */
function optionsOf(command: string): { file: string; log: string | undefined } {
  const words = command.trim().split(/\s+/);
  const after = (option: string) => {
    const at = words.indexOf(option);
    return at < 0 ? undefined : words[at + 1];
  };
  const prefix = after("-p") ?? "/etc/nginx";
  const file = after("-c") ?? "/etc/nginx/nginx.conf";
  return { file: isAbsolute(file) ? file : join(prefix, file), log: after("-e") };
}

/** Reads a configuration with its includes, line by line, as its files are usually written. */
function readNginx(main: string, missing: NotLookedAt[]): NginxConfiguration {
  const errorLogs: string[] = [];
  const backends: NginxConfiguration["backends"] = [];
  const files = [main];
  const seen = new Set<string>();
  for (
    let file = files.shift();
    file !== undefined && seen.size < MAX_FILES;
    file = files.shift()
  ) {
    if (seen.has(file)) continue;
    seen.add(file);
    const read = readLines(file);
    if (!("lines" in read)) {
      missing.push({ what: `nginx's ${file}`, why: `it ${read.problem}` });
      continue;
    }
    for (const [index, line] of read.lines.entries()) {
      for (const [, name = "", value = ""] of line
        .replace(/(^|\s)#.*$/, "")
        .matchAll(/(?:^|[\s;{])(fastcgi_pass|server|include|error_log)\s+"?([^\s;"{}]+)/g)) {
        if (name === "error_log") errorLogs.push(value);
        else if (name === "include") {
          const pattern = isAbsolute(value) ? value : join(dirname(main), value);
          files.push(...filesOf(pattern));
        } else backends.push({ address: value, source: `${file}:${index + 1}` });
      }
    }
  }
  return { backends, errorLogs };
}
