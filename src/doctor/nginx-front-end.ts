import { isAbsolute, join } from "node:path";
import type { ProcessInfo, ProcessTable } from "../apache/processes/process-table.js";
import type { NotLookedAt } from "./evidence.js";
import type { FrontEnd } from "./front-end.js";
import { readNginxConfiguration } from "./nginx-configuration.js";

const TITLE = /^nginx: master process (.*)$/s;

/** Finds the nginxes that run here, and what their configurations pass requests to. */
export function findNginxes(table: ProcessTable, missing: NotLookedAt[]): FrontEnd[] {
  const all = table.list();
  return all.flatMap((process) => {
    const command = TITLE.exec(process.title ?? "")?.[1];
    if (command === undefined) return [];
    const { file, log } = optionsOf(command);
    const { backends, errorLogs } = readNginxConfiguration(file, missing);
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
