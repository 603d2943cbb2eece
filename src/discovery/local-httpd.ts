import type { DiscoveredHttpd } from "../apache/configuration/discover.js";
import type { StatusHeaders } from "../apache/fetch/status-headers.js";
import { StatusSource } from "../apache/fetch/status-source.js";
import { shownUrl } from "../apache/fetch/status-url.js";
import {
  type ApacheServer,
  chooseServer,
  findServers,
} from "../apache/processes/apache-servers.js";
import type { ProcessTable } from "../apache/processes/process-table.js";
import { isThisMachine } from "../apache/processes/this-machine.js";
import { type LocalWorkers, readLocalWorkers } from "../apache/workers/local-workers.js";
import { discoverLocalHttpd, readMaster, runningMaster } from "./which-httpd.js";

/** Which httpd is meant: the options of a command. */
export interface HttpdChoice {
  /** The URL of a status page. Default: that of httpd's configuration. */
  readonly url?: string | undefined;
  /** The configuration file to read when no URL is given. Default: found on this machine. */
  readonly config?: string | undefined;
  /** More names of `-D`, in addition to those of a running httpd. Default: none. */
  readonly define?: readonly string[] | undefined;
  /** The pid of the master, or the path of its PidFile. Default: found by its listening socket. */
  readonly master?: string | undefined;
  /** Milliseconds that each page may take. Default: 10,000. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The host name of the requests. Default: the host of the URL. */
  readonly host?: string | undefined;
  /** More header fields to send. Default: none. */
  readonly header?: StatusHeaders | undefined;
  /** Whether to accept any certificate. */
  readonly insecure?: boolean | undefined;
}

/** What is known about the processes of an httpd without its page. */
interface Master {
  /** The pid from the options. */
  readonly given: number | undefined;
  /** The pid from the PidFile that the configuration names. */
  readonly configured: number | undefined;
  /** Whether httpd runs on this machine. The pids in a page of another machine mean nothing here. */
  readonly isHere: boolean;
  /** Whether the configuration of this machine led to it. */
  readonly isDiscovered: boolean;
}

/** An httpd: its status pages, and its processes if it runs on this machine. */
export class Httpd {
  readonly source: StatusSource;
  readonly #table: ProcessTable;
  readonly #master: Master;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    source: StatusSource,
    table: ProcessTable,
    master: Master,
    signal: AbortSignal | undefined,
  ) {
    this.source = source;
    this.#table = table;
    this.#master = master;
    this.#signal = signal;
  }

  /** @throws GatewayError `bad_input` when no URL is given and none is found */
  static async find(choice: HttpdChoice, table: ProcessTable): Promise<Httpd> {
    const { timeout, signal, host, header: headers, insecure } = choice;
    const found = choice.url === undefined ? discoverLocalHttpd(choice, table) : undefined;
    const source = new StatusSource(choice.url ?? (found as DiscoveredHttpd).statusUrl, {
      timeout,
      signal,
      host: host ?? found?.statusHost,
      headers,
      insecure,
    });
    const given = choice.master === undefined ? undefined : readMaster(choice.master, table);
    const url = shownUrl(source.htmlUrl);
    const isHere = given !== undefined || (await isThisMachine(new URL(url).hostname));
    const configured = runningMaster(found, table);
    const master = { given, configured, isHere, isDiscovered: found !== undefined };
    return new Httpd(source, table, master, signal);
  }

  /** The URL without credentials. */
  get shownUrl(): string {
    return shownUrl(this.source.htmlUrl);
  }

  /** Reads its workers from its page and its processes.
   * @throws GatewayError where the page does not come */
  workers(): Promise<LocalWorkers> {
    const { given: masterPid } = this.#master;
    return readLocalWorkers(this.source, this.#table, { masterPid, signal: this.#signal });
  }

  /** Reads its workers again.
   * @throws GatewayError where the page does not come */
  workersAgain(): Promise<LocalWorkers> {
    this.source.refresh();
    return this.workers();
  }

  /**
   * Its processes, for when its page cannot be read: those of the given master, of the configured
   * one, or of the only httpd on this machine.
   */
  serverWithoutPage(): ApacheServer | undefined {
    const { given, configured, isHere, isDiscovered } = this.#master;
    if (!isHere) return undefined;
    const servers = findServers(this.#table);
    const masterPid = given ?? configured;
    if (masterPid === undefined && !isDiscovered && servers.length > 1) return undefined;
    return chooseServer(servers, this.#table, { masterPid });
  }
}
