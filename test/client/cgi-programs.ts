import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { GatewayFetchOptions } from "../../src/client/fetch-options.js";
import { childrenOf, countOpenFiles } from "../harness/processes.js";
import { makeFolder, until } from "../harness/server-process.js";

/** The head of an answer, for a script. */
export const HEAD = "printf 'Content-Type: text/plain\\r\\n\\r\\n'";

/** CGI programs of a test file. After its tests, no process and no descriptor may be left. */
export class CgiPrograms {
  readonly folder = makeFolder();
  #made = 0;

  constructor() {
    let files: number;
    let children: number;
    beforeAll(async () => {
      await (await this.run(HEAD)).text();
      files = countOpenFiles();
      children = childrenOf(process.pid).length;
    });
    afterAll(async () => {
      await until(
        () => countOpenFiles() <= files && childrenOf(process.pid).length <= children,
        () => `${countOpenFiles()} files, ${childrenOf(process.pid).length} processes`,
      );
      rmSync(this.folder, { recursive: true });
    });
  }

  /** The path of the program that was made last. */
  get last(): string {
    return join(this.folder, `program-${this.#made}`);
  }

  /** A program of one shell script. */
  make(script: string, first = "#!/bin/sh"): string {
    this.#made += 1;
    writeFileSync(this.last, `${first}\n${script}\n`);
    chmodSync(this.last, 0o755);
    return this.last;
  }

  /** Sends a request to a program of one shell script. */
  run(
    script: string,
    init: RequestInit & { url?: string } = {},
    options: GatewayFetchOptions = {},
  ) {
    const { url = "http://localhost/", ...rest } = init;
    return gatewayFetch(`cgi:${this.make(script)}`, new Request(url, rest), options);
  }
}
