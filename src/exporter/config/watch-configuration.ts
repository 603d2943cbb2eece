import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { LocalPools } from "../../discovery/local-pools.js";
import type { ReloadFacts, SourceFacts } from "../metrics/exporter-metrics.js";
import type { ExporterSettings, LogListener } from "../settings.js";
import type { ScrapeTarget } from "../target.js";
import {
  type ParsedConfiguration,
  parseConfiguration,
  readConfigurationFile,
} from "./configuration.js";
import type { ExporterConfiguration } from "./schema.js";
import { settingsOf } from "./settings-of.js";
import { LocalConfigurations } from "./sources/local-configurations.js";
import { SourceSet } from "./sources/source-set.js";
import { sourcesOf } from "./sources/sources-of.js";
import type { TargetSource } from "./sources/target-source.js";
import { watchFolders } from "./sources/watch-folders.js";
import { mayHaveConfiguration, withConfigurations } from "./with-configurations.js";
import { WorkQueue } from "./work-queue.js";

export interface WatchConfigurationOptions {
  /** Called with the first settings, and with each change. `lastReload` says whether they are those
   * of the file as it is now, and `ready` whether each source has answered or failed once. */
  readonly onSettings: (settings: ExporterSettings, configuration: ExporterConfiguration) => void;
  /** Rejects a configuration that cannot be used: what this part does not read, such as addresses. */
  readonly check?: ((configuration: ExporterConfiguration) => Promise<void>) | undefined;
  /** Targets that are given otherwise, such as by flags. They come first. */
  readonly targets?: readonly ScrapeTarget[] | undefined;
  readonly log?: LogListener | undefined;
  /** Stops watching when it is aborted, and the wait for sources at the start. */
  readonly signal?: AbortSignal | undefined;
  /** Called before the first reading, which a reload then follows. */
  readonly onWatch?: ((watched: WatchedConfiguration) => void) | undefined;
}

/** A configuration that is followed. */
export interface WatchedConfiguration {
  /** What each source of targets gave last. */
  sources(): readonly SourceFacts[];
  /**
   * Reads the file and all sources again. A file with an error changes nothing. A reading that waits
   * for silent sources waits no longer. While one reading waits for another one, those who ask for more
   * of them share it.
   *
   * @throws GatewayError what is wrong with the file
   */
  reload(): Promise<void>;
  /** Stops watching. */
  close(): void;
}

/** Milliseconds after which the file is looked at even where no change was noticed. */
const CHECK_INTERVAL = 30_000;

/**
 * Reads a configuration file and the sources of targets that it names, and follows them: the file,
 * its folder and the folders of target files are watched, and all is read again on its interval.
 *
 * @param path the file, or what it would say where there is none
 * @throws GatewayError `bad_input` when the file cannot be used at the start
 */
export async function watchConfiguration(
  path: string | { readonly text: string },
  options: WatchConfigurationOptions,
): Promise<WatchedConfiguration> {
  const watch = new ConfigurationWatch(path, options);
  const { signal } = options;
  const close = (): void => watch.close();
  signal?.addEventListener("abort", close, { once: true });
  if (signal?.aborted) close();
  const watched: WatchedConfiguration = {
    sources: () => watch.sources(),
    reload: () => watch.reload(),
    close() {
      signal?.removeEventListener("abort", close);
      close();
    },
  };
  options.onWatch?.(watched);
  await watch.start();
  return watched;
}

class ConfigurationWatch {
  readonly #path: string | undefined;
  readonly #options: WatchConfigurationOptions;
  readonly #folders = watchFolders(() => this.#checkSoon());
  readonly #timer: NodeJS.Timeout;
  readonly #fixedText: string;
  /** The text that was last tried; `undefined` where the file could not be read. */
  #text: string | undefined;
  #parsed: ParsedConfiguration | undefined;
  #sources = new SourceSet([], undefined);
  readonly #local: LocalConfigurations;
  #reload: ReloadFacts = { successful: false, succeededAt: 0 };
  /** What the last settings were made of, to see whether they changed. */
  #made = "";
  /** How many targets the last settings have. */
  #targets = 0;
  #warned: readonly string[] = [];
  #lastError = "";
  /** Sources by what defines them. One that a new configuration has, too, keeps its last targets. */
  #kept = new Map<string, TargetSource>();
  readonly #work = new WorkQueue();
  #closed = false;
  /** Resolved by {@link close}, which waits for no source. */
  readonly #closing: Promise<void>;
  #endLoading: () => void = () => {};
  /** Ends the wait of the reading that is going on for its sources. */
  #hurry: () => void = () => {};

  constructor(path: string | { readonly text: string }, options: WatchConfigurationOptions) {
    this.#path = typeof path === "string" ? path : undefined;
    this.#fixedText = typeof path === "string" ? "" : path.text;
    this.#options = options;
    this.#closing = new Promise((resolve) => {
      this.#endLoading = resolve;
    });
    this.#local = new LocalConfigurations({ onChange: () => this.#apply(), log: options.log });
    this.#timer = setInterval(() => {
      this.#folders.set([]);
      this.#checkSoon();
    }, CHECK_INTERVAL);
    this.#timer.unref();
  }

  async start(): Promise<void> {
    try {
      await this.#work.run("start", async () => this.#load(await this.#readText()));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  sources(): readonly SourceFacts[] {
    return this.#sources.states;
  }

  reload(): Promise<void> {
    this.#hurry();
    return this.#work.run("reload", async () => {
      if (this.#closed) return;
      try {
        await this.#load(await this.#readText());
        this.#local.refresh();
      } catch (error) {
        // Each reload that is asked for logs its error, also the same one again.
        this.#lastError = "";
        this.#fail(error);
        throw error;
      }
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#folders.close();
    this.#sources.close();
    this.#local.close();
    this.#endLoading();
  }

  #checkSoon(): void {
    this.#hurry();
    void this.#work.run("check", () => this.#check()).catch(() => {});
  }

  /** After something changed in a folder: the file, or files of targets. */
  async #check(): Promise<void> {
    if (this.#closed) return;
    try {
      const text = await this.#readText();
      if (text !== this.#text) return await this.#load(text);
    } catch (error) {
      this.#fail(error);
    }
    await this.#sources.readFolders();
    this.#apply();
    await this.#watch();
  }

  async #readText(): Promise<string> {
    if (this.#path === undefined) return this.#fixedText;
    try {
      return await readConfigurationFile(this.#path);
    } catch (error) {
      this.#text = undefined;
      throw error;
    }
  }

  async #load(text: string): Promise<void> {
    this.#text = text;
    const parsed = parseConfiguration(text, this.#path ?? "the defaults");
    const { configuration } = parsed;
    await this.#options.check?.(configuration);
    if (this.#closed) return;
    this.#parsed = parsed;
    const isFirst = this.#reload.succeededAt === 0;
    const { log } = this.#options;
    const sources = new SourceSet(this.#sourcesOf(configuration), log, this.#sources);
    this.#sources.close();
    this.#sources = sources;
    this.#reload = { successful: true, succeededAt: Date.now() };
    this.#lastError = "";
    this.#made = "";
    // Until slow sources have answered, the targets of the file and of the other sources are there.
    this.#apply();
    await this.#watch();
    const hurried = new Promise<void>((resolve) => {
      this.#hurry = resolve;
    });
    await Promise.race([sources.readAll(() => this.#apply()), this.#closing, hurried]);
    if (this.#closed) return;
    if (!isFirst) {
      const message = "the configuration was read again";
      log?.({ level: "info", message, targets: this.#targets });
    }
    sources.repeat(() => this.#apply());
    await this.#watch();
  }

  #sourcesOf({ discover }: ExporterConfiguration): TargetSource[] {
    const kept = new Map<string, TargetSource>();
    const keep = (definition: unknown, make: () => TargetSource): TargetSource => {
      const key = JSON.stringify(definition);
      const source = this.#kept.get(key) ?? make();
      kept.set(key, source);
      return source;
    };
    const folder = this.#path === undefined ? "." : dirname(this.#path);
    const sources = sourcesOf(discover, folder, keep);
    this.#kept = kept;
    return sources;
  }

  /** Makes settings and hands them over, if they changed. */
  #apply(): void {
    if (this.#parsed === undefined || this.#closed) return;
    const { found, states: sources, isComplete: ready } = this.#sources;
    const made = JSON.stringify([ready, this.#reload, found, sources, this.#local.pools]);
    if (made === this.#made) return;
    this.#made = made;
    const { targets: given = [], log, onSettings } = this.#options;
    const { settings, warnings } = settingsOf({ parsed: this.#parsed, found, given });
    for (const warning of warnings) {
      if (this.#warned.includes(warning)) continue;
      log?.({ level: "warn", message: "a target is left out", error: warning });
    }
    this.#warned = warnings;
    this.#targets = settings.targets.length;
    const facts = { ready, lastReload: this.#reload, sources };
    const { configuration } = this.#parsed;
    const { configuration: isExplained, php_fpm: isDiscovered, interval } = configuration.discover;
    if (!isExplained) {
      this.#local.close();
      onSettings({ ...settings, ...facts }, configuration);
      return;
    }
    // Targets that are written by hand are explained by what discovery reads, or by a reading for them.
    const discovered = found.flat().flatMap((target) => target.configuration ?? []);
    const pools = new LocalPools([...discovered, ...this.#local.pools]);
    const targets = withConfigurations(settings.targets, pools);
    onSettings({ ...settings, targets, ...facts }, configuration);
    const isWanted = settings.targets.some((target) => mayHaveConfiguration(target, pools));
    this.#local.follow(isWanted && !isDiscovered, interval);
  }

  /** Notes that the file is not what runs. The log has one line for each error, not for each look. */
  #fail(error: unknown): void {
    this.#reload = { ...this.#reload, successful: false };
    this.#apply();
    const { message: text } = error as Error;
    if (text === this.#lastError) return;
    this.#lastError = text;
    const message = "the configuration cannot be used; the last good one stays";
    this.#options.log?.({ level: "error", message, source: this.#path, error: text });
  }

  async #watch(): Promise<void> {
    const folders = new Set(this.#sources.folders());
    if (this.#path !== undefined) {
      folders.add(dirname(this.#path));
      // A link may lead to a folder elsewhere.
      const real = await realpath(this.#path).catch(() => this.#path as string);
      folders.add(dirname(real));
    }
    if (!this.#closed) this.#folders.set(folders);
  }
}
