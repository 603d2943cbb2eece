import { readFileSync } from "node:fs";
import { posix } from "node:path";
import type { MemoryEvidence } from "./evidence.js";
import { processText } from "./processes.js";

/** Where the groups of version 2 and of version 1 are, and the names of their files. */
const hierarchies = [
  { root: "/sys/fs/cgroup", line: /^0::(.*)$/m, limit: "memory.max", used: "memory.current" },
  {
    root: "/sys/fs/cgroup/memory",
    line: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m,
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
  },
] as const;

/** Above this, version 1 means that there is no limit. */
const NO_LIMIT = 2 ** 62;

/** The memory that a process may use; `undefined` where the kernel does not say it. */
export function readMemory(pid: number): MemoryEvidence | undefined {
  const kilobytes = /^MemAvailable:\s*(\d+) kB$/m.exec(textOf("/proc/meminfo") ?? "")?.[1];
  if (kilobytes === undefined) return undefined;
  const groups = processText(pid, "cgroup") ?? "";
  const limited = hierarchies
    .flatMap((hierarchy) => {
      const path = hierarchy.line.exec(groups)?.[1];
      return path === undefined ? [] : limitsAbove(hierarchy, path);
    })
    .sort((one, other) => one.limit - one.used - (other.limit - other.used));
  return { available: Number(kilobytes) * 1_024, group: limited[0] };
}

/** The limits of a group and of those that it is in. Pages of files that can be dropped are not used. */
function limitsAbove({ root, limit, used }: (typeof hierarchies)[number], path: string) {
  const found: NonNullable<MemoryEvidence["group"]>[] = [];
  for (let group = posix.join("/", path); ; group = posix.dirname(group)) {
    const folder = posix.join(root, group);
    const most = numberIn(posix.join(folder, limit));
    const now = numberIn(posix.join(folder, used));
    if (most !== undefined && now !== undefined && most < NO_LIMIT) {
      const stat = textOf(posix.join(folder, "memory.stat")) ?? "";
      const inactive = /^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1];
      found.push({ path: group, limit: most, used: Math.max(0, now - Number(inactive ?? 0)) });
    }
    if (group === "/") return found;
  }
}

function numberIn(path: string): number | undefined {
  const text = textOf(path)?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
