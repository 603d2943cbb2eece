import { withAddress } from "../../errors.js";
import type { WorkerPage } from "../page/html-page.js";
import type { ServerStatus } from "../page/server-status.js";
import { parseServerStatus } from "../page/text-page.js";
import {
  type FetchServerStatusOptions,
  fetchServerStatusPage,
  fetchWorkerPage,
} from "./fetch-status.js";
import { htmlStatusUrl, shownUrl, textStatusUrl } from "./status-url.js";

/**
 * The two status pages of an httpd. Each is requested once; {@link StatusSource.refresh} makes the
 * next call request it again.
 */
export class StatusSource {
  readonly #options: FetchServerStatusOptions;
  #url: string;
  #responded: boolean | undefined;
  #status: Promise<ServerStatus> | undefined;
  #workers: Promise<WorkerPage> | undefined;

  /** @param url the URL of either page */
  constructor(url: string, options: FetchServerStatusOptions = {}) {
    this.#url = htmlStatusUrl(url);
    this.#options = options;
  }

  /** The URL of the HTML page. Setting it discards the pages that were read. */
  get htmlUrl(): string {
    return this.#url;
  }

  set htmlUrl(url: string) {
    this.#url = htmlStatusUrl(url);
    this.refresh();
  }

  /** The URL of the text page. */
  get textUrl(): string {
    return textStatusUrl(this.#url);
  }

  /** Whether the last request for a page succeeded; `undefined` before the first. */
  get responded(): boolean | undefined {
    return this.#responded;
  }

  /** Reads the text page, once.
   * @throws GatewayError */
  status(): Promise<ServerStatus> {
    this.#status ??= this.#note(this.#readStatus());
    return this.#status;
  }

  /** Reads the HTML page, once.
   * @throws GatewayError */
  workers({ onAnswer }: Pick<FetchServerStatusOptions, "onAnswer"> = {}): Promise<WorkerPage> {
    this.#workers ??= this.#note(fetchWorkerPage(this.htmlUrl, { ...this.#options, onAnswer }));
    return this.#workers;
  }

  /** Discards the pages: the next call of `status` or `workers` requests them again. */
  refresh(): void {
    this.#status = undefined;
    this.#workers = undefined;
  }

  async #readStatus(): Promise<ServerStatus> {
    const { page, url, isElsewhere } = await fetchServerStatusPage(this.textUrl, this.#options);
    try {
      const status = parseServerStatus(page);
      if (!isElsewhere) return status;
      return { ...status, warnings: [...status.warnings, ledElsewhere(url)] };
    } catch (error) {
      throw withAddress(error, shownUrl(this.textUrl));
    }
  }

  async #note<Page>(page: Promise<Page>): Promise<Page> {
    try {
      const result = await page;
      this.#responded = true;
      return result;
    } catch (error) {
      this.#responded = false;
      throw error;
    }
  }
}

/** The warning about a page that came from another server after a redirect. */
export function ledElsewhere(url: string): string {
  return `a redirect led to another server: this is the page of ${url}`;
}
