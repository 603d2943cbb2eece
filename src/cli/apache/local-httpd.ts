import type { Discovery } from "../../apache/discovery.js";
import type { ProcessTable } from "../../apache/process-table.js";
import { type ApacheServer, chooseServer, findServers } from "../../apache/processes.js";
import type { StatusHeaders } from "../../apache/status-headers.js";
import { StatusSource } from "../../apache/status-source.js";
import { shownUrl } from "../../apache/status-url.js";
import type { WorkerRow } from "../../apache/worker-row.js";
import { discoverHttpd } from "./discover-httpd.js";
import { readMaster, runningMaster } from "./master.js";
import { isThisMachine } from "./this-machine.js";

/** Which httpd is meant, as the options of a command say it. */
export interface HttpdChoice {
  /** Of a status page. Default: what httpd's configuration says. */
  readonly url?: string | undefined;
  /** The configuration that is read where no URL is given. */
  readonly config?: string | undefined;
  /** Names that httpd was started with, besides those that a running one shows. */
  readonly define?: readonly string[] | undefined;
  /** The pid of the master, or the file that has it. */
  readonly master?: string | undefined;
  /** Milliseconds for each page. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The Host that is asked for. Default: the host of the URL. */
  readonly host?: string | undefined;
  /** More header fields. */
  readonly header?: StatusHeaders | undefined;
  /** Whether any certificate will do. */
  readonly insecure?: boolean | undefined;
}

/** What is known of the processes of an httpd before its page is read. */
interface Master {
  readonly pid: number | undefined;
  /** Whether its processes may be looked for: a page of another machine names other pids. */
  readonly isHere: boolean;
  /** Whether it is the one that the configuration of this machine tells of. */
  readonly isDiscovered: boolean;
}

/** An httpd: its pages, and its processes where it runs on this machine. */
export class Httpd {
  readonly source: StatusSource;
  readonly #table: ProcessTable;
  readonly #master: Master;

  private constructor(source: StatusSource, table: ProcessTable, master: Master) {
    this.source = source;
    this.#table = table;
    this.#master = master;
  }

  /** @throws GatewayError `bad_input` where no URL is given and none is found */
  static async find(choice: HttpdChoice, table: ProcessTable): Promise<Httpd> {
    const { timeout, signal, host, header: headers, insecure } = choice;
    const found = choice.url === undefined ? discoverHttpd(choice, table) : undefined;
    const source = new StatusSource(choice.url ?? (found as Discovery).statusUrl, {
      timeout,
      signal,
      host: host ?? found?.statusHost,
      headers,
      insecure,
    });
    const given = choice.master === undefined ? undefined : readMaster(choice.master);
    const url = shownUrl(source.htmlUrl);
    const isHere = given !== undefined || (await isThisMachine(new URL(url).hostname));
    const pid = given ?? runningMaster(found, table);
    return new Httpd(source, table, { pid, isHere, isDiscovered: found !== undefined });
  }

  /** The URL as it may be shown. */
  get shownUrl(): string {
    return shownUrl(this.source.htmlUrl);
  }

  /** Whether its processes may be looked for. */
  get isHere(): boolean {
    return this.#master.isHere;
  }

  /**
   * Its processes, told by its master, or by the workers that its page names. Without the page it
   * is the httpd of the configuration, or the only one that there is.
   */
  server(rows: readonly WorkerRow[] | undefined): ApacheServer | undefined {
    const { pid: masterPid, isHere, isDiscovered } = this.#master;
    if (!isHere) return undefined;
    const servers = findServers(this.#table);
    if (rows === undefined && masterPid === undefined && !isDiscovered && servers.length > 1) {
      return undefined;
    }
    const workerPids =
      rows === undefined ? undefined : new Set(rows.flatMap(({ pid }) => pid ?? []));
    return chooseServer(servers, this.#table, { masterPid, workerPids });
  }
}
