/** Modules that are part of every httpd, or of every distribution's. */
const builtIn = ["core", "http", "so", "log_config", "logio", "version", "unixd", "watchdog"];

/**
 * Which modules a configuration has loaded. Before the first LoadModule nothing is known: then
 * every module counts as loaded, and as missing too, so that either block is read.
 */
export class LoadedModules {
  readonly #names = new Set(builtIn);
  #isKnown = false;

  /** LoadModule's arguments: `ssl_module modules/mod_ssl.so`. */
  add(identifier: string, file: string): void {
    this.#isKnown = true;
    this.#names.add(shortName(identifier));
    this.#names.add(shortName(file.slice(file.lastIndexOf("/") + 1)));
  }

  /** Whether a block for this condition is read: `ssl_module`, `mod_ssl.c`, or with `!` in front. */
  admits(condition: string): boolean {
    if (!this.#isKnown) return true;
    const isNegated = condition.startsWith("!");
    const name = shortName(isNegated ? condition.slice(1).trim() : condition);
    return this.#names.has(name) !== isNegated;
  }
}

/** `ssl` of `ssl_module`, `mod_ssl.c` and `mod_ssl.so`; `prefork` of `mpm_prefork_module`. */
function shortName(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.(?:c|cpp|so|dll)$/, "")
    .replace(/_module$/, "")
    .replace(/^(?:lib)?mod_/, "")
    .replace(/^mpm_/, "")
    .replace(/^http_core$/, "http");
}
