import type { Command } from "commander";
import type { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";

type Define = (command: Command, io: Io, finish: (exitCode: ExitCode) => void) => void;

interface Entry {
  summary: string;
  /** Imports the command's file: nobody pays for the commands that are not asked for. */
  load(): Promise<Define>;
}

const commands: ReadonlyMap<string, Entry> = new Map([
  [
    "status",
    {
      summary: "show the status of servers",
      load: async () => (await import("./status.js")).defineStatus,
    },
  ],
  [
    "workers",
    {
      summary: "list the workers of a server",
      load: async () => (await import("./workers.js")).defineWorkers,
    },
  ],
  [
    "kill",
    {
      summary: "kill workers that hang or use too much memory",
      load: async () => (await import("./kill.js")).defineKill,
    },
  ],
  [
    "metrics",
    {
      summary: "write the metrics file of apache-manager",
      load: async () => (await import("./metrics.js")).defineMetrics,
    },
  ],
  [
    "discover",
    {
      summary: "tell where httpd listens, and its status page",
      load: async () => (await import("./discover.js")).defineDiscover,
    },
  ],
  [
    "zabbix-discovery",
    {
      summary: "tell Zabbix what memory usage is told of",
      load: async () => (await import("./zabbix-discovery.js")).defineZabbixDiscovery,
    },
  ],
]);

/** Gives the command `apache` its own commands. */
export async function defineApache(
  apache: Command,
  args: readonly string[],
  io: Io,
  finish: (exitCode: ExitCode) => void,
): Promise<void> {
  for (const [name, { summary, load }] of commands) {
    const command = apache.command(name).description(summary);
    if (args.includes(name)) (await load())(command, io, finish);
  }
}
