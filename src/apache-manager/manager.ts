import { join } from "node:path";
import { zabbixDiscovery } from "../apache/manager/metrics-file.js";
import { reportLines } from "../apache/manager/report.js";
import { readIniSettings, settingsFiles } from "../apache/manager/settings.js";
import type { ApacheServer } from "../apache/processes/apache-servers.js";
import { memoryUsageOf } from "../apache/processes/memory-usage.js";
import type { ProcessTable } from "../apache/processes/process-table.js";
import { killOf, refusalsOf } from "../cli/commands/apache/kill.js";
import { type Collected, collectMetrics, saveMetrics } from "../cli/commands/apache/metrics.js";
import { ExitCode, exitCodeOf } from "../cli/exit-codes.js";
import type { Io } from "../cli/io.js";
import { errorLines } from "../cli/report-error.js";
import type { Round } from "../cli/reports/round.js";
import { Httpd } from "../discovery/local-httpd.js";
import { localServer } from "../discovery/which-httpd.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { Log, type LogOrigin } from "./log.js";
import type { ManagerOptions } from "./options.js";

/** The parts of the machine that apache-manager uses, apart from its streams. */
export interface ManagerWorld extends LogOrigin {
  readonly table: ProcessTable;
  readonly home: string | undefined;
  /** The folder of the system's settings: `/etc`. */
  readonly etc: string;
  readonly temporaryFolder: string;
}

interface Limits {
  readonly maxMemoryActive: number | undefined;
  readonly maxMemoryIdle: number | undefined;
  readonly maxTime: number | undefined;
}

/** One run of apache-manager, on one httpd. */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #io: Io;
  readonly #world: ManagerWorld;
  readonly #log: Log;
  #httpd: Promise<Httpd> | undefined;
  #killedActive = 0;
  #killedIdle = 0;
  #hangingAfter: number | undefined;

  constructor(options: ManagerOptions, io: Io, world: ManagerWorld) {
    this.#options = options;
    this.#io = io;
    this.#world = world;
    this.#log = new Log(io, world, options.verbosity);
  }

  /**
   * Does what the options say, and logs errors.
   *
   * @returns the exit code: 0, or 1 after an error
   */
  async run(): Promise<number> {
    const { version } = this.#options;
    try {
      return await (version === 1 ? this.#runImplied() : this.#runExplicit());
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      await this.#logError(error);
      return 1;
    }
  }

  /** Version 1: the action that the options imply, then the metrics file. */
  async #runImplied(): Promise<number> {
    const { dryRun, verbosity, watch, zabbixDiscovery: zabbix } = this.#options;
    const { maxMemoryActive, maxMemoryIdle, maxTime } = this.#options;
    const saves = !watch && (this.#dataFile === "-" || !dryRun);
    const act = async (): Promise<void> => {
      if (maxMemoryActive || maxMemoryIdle || maxTime) {
        await this.#kill({ maxMemoryActive, maxMemoryIdle, maxTime });
      } else if (watch && this.#io.stdout.isTerminal) {
        await this.#watch();
      } else if (zabbix) {
        await this.#discover();
      } else if (this.#dataFile !== "-" && verbosity >= 0) {
        await this.#report();
      }
    };
    return this.#actAndSave(act, saves);
  }

  /** Version 2: only the actions that have an option. */
  async #runExplicit(): Promise<number> {
    const { collectMetrics: collects, dryRun, killWorkers: kills, watch } = this.#options;
    const limits = await this.#readSettings();
    if (watch) {
      await this.#watch();
      return 0;
    }
    const act = async (): Promise<void> => {
      if (kills) await this.#kill(limits);
      if (this.#options.zabbixDiscovery) await this.#discover();
      else if (!kills && !collects) await this.#report();
    };
    return this.#actAndSave(act, collects && (this.#dataFile === "-" || !dryRun));
  }

  /** Writes the metrics even if the action fails, so that monitoring sees it. */
  async #actAndSave(act: () => Promise<void>, saves: boolean): Promise<number> {
    let failure: unknown;
    try {
      await act();
    } catch (error) {
      failure = error;
    }
    if (saves && !this.#io.signal.aborted) {
      const { data, error } = await this.#collect();
      await saveMetrics(data, this.#dataFile, this.#io);
      failure ??= error;
    }
    if (failure !== undefined) throw failure;
    return 0;
  }

  get #dataFile(): string {
    return this.#options.dataFile ?? join(this.#world.temporaryFolder, "apache-manager.txt");
  }

  /** The limits of the ini files and of the command line, which takes precedence. */
  async #readSettings(): Promise<Limits> {
    const { home, etc } = this.#world;
    const { settings, warnings } = readIniSettings(settingsFiles(home, etc));
    for (const warning of warnings) await this.#log.write("WARNING", warning);
    this.#hangingAfter = this.#options.hangingAfter ?? settings.hangingWorkerThreshold;
    return {
      maxMemoryActive: this.#options.maxMemoryActive ?? settings.maxMemoryActive,
      maxMemoryIdle: this.#options.maxMemoryIdle ?? settings.maxMemoryIdle,
      maxTime: this.#options.maxTime ?? settings.workerTimeout,
    };
  }

  #find(): Promise<Httpd> {
    const { url, config, define, master, page } = this.#options;
    const choice = { ...page, url, config, define, master, signal: this.#io.signal };
    this.#httpd ??= Httpd.find(choice, this.#world.table);
    return this.#httpd;
  }

  async #collect(): Promise<Collected> {
    return collectMetrics(this.#find(), this.#world.table, {
      hangingAfter: this.#hangingAfter,
      counts: this.#options.version === 2,
      killedActive: this.#killedActive,
      killedIdle: this.#killedIdle,
    });
  }

  async #kill(limits: Limits): Promise<void> {
    const { dryRun, version } = this.#options;
    const messages: Promise<void>[] = [];
    const result = await killOf(await this.#find(), this.#world.table, {
      ...limits,
      dryRun,
      onMessage: (message) => {
        // Zabbix matches NOTICE and this message in the log of version 2.
        const isKill = version === 2 && message.startsWith("Killing ");
        messages.push(this.#log.write(isKill ? "NOTICE" : "INFO", message));
      },
    });
    await Promise.all(messages);
    for (const text of refusalsOf(result)) await this.#log.write("WARNING", text);
    this.#killedActive = result.killedActive;
    this.#killedIdle = result.killedIdle;
  }

  async #discover(): Promise<void> {
    const { url, config, define, master } = this.#options;
    const { table } = this.#world;
    const server =
      url === undefined
        ? localServer({ config, define, master }, table)
        : await this.#serverOfPage();
    const { groups } = memoryUsageOf(server.children);
    await this.#io.stdout.write(`${zabbixDiscovery([...groups.keys()])}\n`);
  }

  async #serverOfPage(): Promise<ApacheServer> {
    const httpd = await this.#find();
    const { server, doubt } = await httpd.workers();
    if (doubt === undefined) return server;
    if (server !== undefined) return server;
    const message = `the processes of this httpd are unknown: ${doubt.reason}`;
    const { hint } = doubt;
    throw new GatewayError(ErrorCode.BadInput, message, { address: httpd.shownUrl, hint });
  }

  async #report(): Promise<void> {
    const { data, error } = await this.#collect();
    if (data.status === undefined) throw error;
    const lines = reportLines({ status: data.status, memory: data.memory });
    await this.#io.stdout.writeLines(headed(lines, this.#io.stdout.style.good));
  }

  async #watch(): Promise<void> {
    const { watch } = await import("../cli/reports/watch.js");
    const httpd = await this.#find();
    const read = () => {
      httpd.source.refresh();
      return reportRound(() => this.#collect(), this.#io);
    };
    const seconds = this.#options.interval ?? 10;
    await watch(read, Math.max(100, seconds * 1000), this.#io, "apache-manager");
  }

  async #logError(error: GatewayError): Promise<void> {
    await this.#log.write("ERROR", error.message);
    await this.#log.write("INFO", `hint: ${error.hint}`);
  }
}

/** Paints the headings of a report: the lines without indentation. */
function headed(lines: readonly string[], paint: (text: string) => string): string[] {
  return lines.map((line) => (line.startsWith(" ") || line === "" ? line : paint(line)));
}

/** One report of `--watch`. */
async function reportRound(collect: () => Promise<Collected>, io: Io): Promise<Round> {
  const { data, error } = await collect();
  const { status, memory } = data;
  const lines = status === undefined ? [] : reportLines({ status, memory });
  const { heading } = io.stdout.style;
  return {
    render: () =>
      headed(lines, heading)
        .map((line) => `${line}\n`)
        .join(""),
    problems: error === undefined ? [] : errorLines(error, io.stderr.style),
    exitCode: error === undefined ? ExitCode.Fine : exitCodeOf(error.code),
  };
}
