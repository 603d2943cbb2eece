import { once } from "node:events";
import { ErrorCode, GatewayError } from "../../errors.js";
import { parseConfiguration, readConfigurationFile } from "../../exporter/config/configuration.js";
import type { ExporterConfiguration } from "../../exporter/config/schema.js";
import {
  type WatchedConfiguration,
  watchConfiguration,
} from "../../exporter/config/watch-configuration.js";
import { createExporter, type Exporter } from "../../exporter/create-exporter.js";
import type { RepeatedPush } from "../../exporter/push/repeated-push.js";
import type { ExporterSettings } from "../../exporter/settings.js";
import { listenWeb, type WebListener } from "../../web/listener.js";
import { systemdNotifier } from "../../web/systemd.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { errorLines } from "../report-error.js";
import { changedKeys, checkedProcess } from "./check-process.js";
import type { WriteLog } from "./log.js";
import type { CommandLine } from "./parse-flags.js";
import {
  isHttpdOnly,
  type ProcessSettings,
  processSettings,
  withFlags,
} from "./process-settings.js";
import type { StartPush } from "./pushes.js";
import { handleSignals } from "./signals.js";
import { stderrLog } from "./stderr-log.js";
import { flagTargets } from "./targets.js";

/** The ports of php-fpm_exporter and of apache_exporter. */
const PORT = 9253;
const HTTPD_PORT = 9117;

/** Milliseconds that answers may take after a signal. */
const GRACE = 500;

/** What the configuration is where neither a file nor a target is given. */
const DISCOVER_ALL = "discover: { php_fpm: true, apache: true }\n";

/**
 * Serves metrics until a signal ends it.
 *
 * @throws GatewayError `bad_input` for a configuration that cannot be used
 */
export async function serveMetrics(
  line: CommandLine,
  command: string | undefined,
  io: Io,
): Promise<ExitCode> {
  const { config } = line.values;
  const targets = flagTargets(line, command);
  const file =
    config === undefined
      ? undefined
      : parseConfiguration(await readConfigurationFile(config), config);
  const settings = processSettings(line.values, file?.configuration);
  const log = stderrLog(io, settings);
  for (const message of line.warnings) log({ level: "warn", message });
  const text = targets.length === 0 ? DISCOVER_ALL : "targets: []\n";
  const service = new Service(line, settings, log);
  const signals = handleSignals(io, () => void service.reload().catch(() => {}));
  try {
    await service.start(config ?? { text }, targets, signals.stop);
    if (!signals.stop.aborted) await once(signals.stop, "abort");
    return ExitCode.Fine;
  } catch (error) {
    if (!(error instanceof CannotListen)) throw error;
    await io.stderr.writeLines(errorLines(error.reason, io.stderr.style));
    return ExitCode.NotConnected;
  } finally {
    await service.stop();
    await signals.release();
  }
}

/** The exporter, its configuration and its listener. */
class Service {
  readonly #line: CommandLine;
  readonly #settings: ProcessSettings;
  readonly #log: WriteLog;
  readonly #notify: ReturnType<typeof systemdNotifier>;
  #exporter: Exporter | undefined;
  #watched: WatchedConfiguration | undefined;
  #configuration: ExporterConfiguration | undefined;
  #current: ExporterSettings | undefined;
  #listener: WebListener | undefined;
  /** Whether systemd was told that the start is over. */
  #isReady = false;
  #reloads = 0;
  #pushes: readonly RepeatedPush[] = [];

  constructor(line: CommandLine, settings: ProcessSettings, log: WriteLog) {
    this.#line = line;
    this.#settings = settings;
    this.#log = log;
    this.#notify = systemdNotifier((record) => log({ ...record }));
  }

  /**
   * Reads the configuration and listens.
   *
   * @param stop ends the wait for sources of targets
   * @throws GatewayError `bad_input`
   * @throws CannotListen
   */
  async start(
    from: string | { readonly text: string },
    targets: ExporterSettings["targets"],
    stop: AbortSignal,
  ): Promise<void> {
    const pushes = await checkedProcess(this.#settings);
    let isKnown = (): void => {};
    const known = new Promise<void>((resolve) => {
      isKnown = resolve;
    });
    const watching = watchConfiguration(from, {
      targets,
      signal: stop,
      onWatch: (watched) => {
        this.#watched = watched;
      },
      check: (configuration) => this.#check(configuration),
      log: (record) => this.#log({ ...record }),
      onSettings: (settings, configuration) => {
        this.#update(settings, configuration);
        isKnown();
      },
    });
    // Sources may be slow: it listens as soon as the targets of the file are known.
    await Promise.race([known, watching]);
    try {
      await this.#listen();
    } finally {
      await watching;
    }
    this.#startPushes(pushes);
  }

  #startPushes(pushes: readonly StartPush[]): void {
    const [exporter, first] = [this.#exporter, this.#current];
    if (exporter === undefined || first === undefined) return;
    const source = { exporter, settings: () => this.#current ?? first };
    this.#pushes = pushes.map((start) => start(source, (record) => this.#log({ ...record })));
  }

  /** Checks what a start would check, and says what only a start applies. */
  async #check(configuration: ExporterConfiguration): Promise<void> {
    const settings = processSettings(this.#line.values, configuration);
    // The packages of OpenTelemetry keep one logger: loading them again would take that of a push.
    const { otlp } = this.#settings;
    await checkedProcess({ ...settings, otlp: otlp === undefined ? settings.otlp : undefined });
    const keys = changedKeys(this.#settings, settings);
    if (keys.length === 0) return;
    const message = `the change of ${keys.join(", ")} needs a restart`;
    this.#log({ level: "warn", message, source: this.#line.values.config });
  }

  #update(found: ExporterSettings, configuration: ExporterConfiguration): void {
    const { values } = this.#line;
    const before = this.#current?.targets ?? [];
    const settings = {
      ...withFlags(found, values, configuration),
      lastReload: values.config === undefined ? undefined : found.lastReload,
    };
    this.#current = settings;
    this.#configuration = configuration;
    if (this.#exporter === undefined) {
      this.#exporter = createExporter({
        ...settings,
        log: (record) => this.#log({ ...record }),
        reload: () => this.reload(),
      });
      return;
    }
    this.#exporter.update(settings);
    const { targets } = settings;
    if (addressesOf(targets) === addressesOf(before)) return;
    const message = "the targets changed";
    this.#log({ level: "info", message, targets: targets.length, before: before.length });
  }

  async #listen(): Promise<void> {
    const [exporter, settings, configuration] = [
      this.#exporter,
      this.#current,
      this.#configuration,
    ];
    if (exporter === undefined || settings === undefined || configuration === undefined) return;
    const port = isHttpdOnly(settings, configuration) ? HTTPD_PORT : PORT;
    this.#listener = await this.#listenFor(exporter, port);
    for (const address of this.#listener?.addresses ?? []) {
      this.#log({
        level: "info",
        message: "listening",
        address,
        targets: settings.targets.length,
        config: this.#line.values.config,
      });
    }
    this.#isReady = true;
    await this.#notify("ready");
  }

  async #listenFor(exporter: Exporter, port: number): Promise<WebListener | undefined> {
    const { listen, systemdSocket, webConfig } = this.#settings;
    if (listen === undefined) return undefined;
    try {
      return await listenWeb(exporter.fetch, {
        listen: listen.length > 0 ? listen : [`:${port}`],
        systemdSocket,
        webConfigFile: webConfig,
        log: (record) => this.#log({ ...record }),
      });
    } catch (error) {
      const isBadInput = error instanceof GatewayError && error.code === ErrorCode.BadInput;
      if (isBadInput || !(error instanceof GatewayError)) throw error;
      throw new CannotListen(error);
    }
  }

  /**
   * Reads the configuration again: once at a time, and once more for all who ask meanwhile. Before the
   * start has begun to read it, there is nothing to do again.
   *
   * @throws GatewayError what is wrong with it; the log has it, too
   */
  async reload(): Promise<void> {
    const watched = this.#watched;
    if (watched === undefined) return;
    if (++this.#reloads === 1 && this.#isReady) await this.#notify("reloading");
    try {
      await watched.reload();
    } finally {
      if (--this.#reloads === 0 && this.#isReady) await this.#notify("ready");
    }
  }

  async stop(): Promise<void> {
    const pushed = this.#pushes.map((push) => push.stop());
    this.#exporter?.close();
    this.#watched?.close();
    await Promise.all([this.#listener?.close(GRACE), this.#notify("stopping"), ...pushed]);
  }
}

const addressesOf = (targets: ExporterSettings["targets"]): string =>
  targets.map(({ address }) => address).join("\n");

/** No address could be listened on. */
class CannotListen extends Error {
  readonly reason: GatewayError;

  constructor(reason: GatewayError) {
    super(reason.message);
    this.reason = reason;
  }
}
