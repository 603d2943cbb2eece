import { utf8 } from "../bytes.js";
import { channelsTo, targetAddress } from "../client/connect.js";
import { ErrorCode, GatewayError, withAddress } from "../errors.js";
import { type FetchPageOptions, fetchPage } from "./fetch-page.js";

/** A number that the script reports. */
export interface OpcacheField {
  readonly type: "counter" | "gauge";
  readonly help: string;
}

const counter = (help: string): OpcacheField => ({ type: "counter", help });
const gauge = (help: string): OpcacheField => ({ type: "gauge", help });

/** What `php/opcache.php` reports, by the names of its metrics without `phpfpm_`. */
export const opcacheFields = {
  realpath_cache_used_bytes: gauge("Bytes of the realpath cache of the worker that answered."),
  realpath_cache_limit_bytes: gauge("Bytes that the realpath cache of a worker may take."),
  opcache_enabled: gauge("1 if OPcache is on and the script may ask it, 0 if not."),
  opcache_full: gauge("1 if OPcache stores no more scripts because it is full."),
  opcache_restart_pending: gauge("1 if OPcache waits to empty itself."),
  opcache_memory_used_bytes: gauge("Bytes of OPcache's memory that are used."),
  opcache_memory_free_bytes: gauge("Bytes of OPcache's memory that are free."),
  opcache_memory_wasted_bytes: gauge("Bytes of OPcache's memory that outdated scripts hold."),
  opcache_strings_used_bytes: gauge("Bytes of the buffer of interned strings that are used."),
  opcache_strings_free_bytes: gauge("Bytes of the buffer of interned strings that are free."),
  opcache_scripts: gauge("Scripts in OPcache."),
  opcache_keys: gauge("Keys of the hash table: a script has one for each path that names it."),
  opcache_keys_limit: gauge("The most keys that the hash table can have."),
  opcache_hits_total: counter("Scripts that were found in OPcache."),
  opcache_misses_total: counter("Scripts that had to be compiled."),
  opcache_blacklist_misses_total: counter("Scripts that were not stored because of the blacklist."),
  opcache_out_of_memory_restarts_total: counter("Restarts because the memory was full."),
  opcache_hash_restarts_total: counter("Restarts because the hash table was full."),
  opcache_manual_restarts_total: counter("Restarts by opcache_reset()."),
  opcache_start_time_seconds: gauge("When OPcache was started, in Unix time."),
  opcache_jit_enabled: gauge("1 if the JIT compiler is on, 0 if not."),
  opcache_jit_buffer_bytes: gauge("Bytes of the buffer of compiled code."),
  opcache_jit_buffer_free_bytes: gauge("Bytes of the buffer of compiled code that are free."),
} as const satisfies Record<string, OpcacheField>;

export type OpcacheFieldName = keyof typeof opcacheFields;

/** The state of OPcache and of the realpath cache. What this PHP does not report is absent. */
export type OpcacheStatus = { readonly [Name in OpcacheFieldName]?: number };

/** The longest answer of the script, in bytes. It has about 1,000. */
const MAX_ANSWER = 65_536;
const HINT =
  "install php/opcache.php of this package where the pool may read it, and give its path on the pool's machine";

/**
 * Reads the state of OPcache from a pool, by the script `php/opcache.php`, which the operator has
 * installed. It takes a worker for about a millisecond.
 *
 * @param target the address of the pool; a path in it is not used
 * @param script the path of the script, as the pool sees it
 * @throws GatewayError `page_not_found` and `access_denied` if the pool does not run the script,
 *   `not_a_status_page` if it is another script
 */
export async function readOpcache(
  target: string,
  script: string,
  options: Omit<FetchPageOptions, "maxLength"> = {},
): Promise<OpcacheStatus> {
  const address = targetAddress(target);
  try {
    const open = channelsTo(address, { connectTimeout: options.timeout });
    const page = { path: script, query: "" };
    const { body } = await fetchPage(open, page, { ...options, maxLength: MAX_ANSWER });
    return parseOpcache(utf8(body));
  } catch (error) {
    throw withAddress(withHint(error), address.text);
  }
}

const refusals: ReadonlySet<ErrorCode> = new Set([ErrorCode.PageNotFound, ErrorCode.AccessDenied]);

function withHint(error: unknown): unknown {
  if (!(error instanceof GatewayError) || !refusals.has(error.code)) return error;
  const { code, message, stderr } = error;
  return new GatewayError(code, message, { stderr, hint: HINT, cause: error });
}

function parseOpcache(text: string): OpcacheStatus {
  const values = parseObject(text);
  const status: { -readonly [Name in OpcacheFieldName]?: number } = {};
  for (const name of Object.keys(opcacheFields) as OpcacheFieldName[]) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value === "number") status[name] = value;
    else if (value !== undefined) throw notOurs(`${name} is ${JSON.stringify(value)}`);
  }
  if (status.opcache_enabled === undefined) throw notOurs("it does not say opcache_enabled");
  return status;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === "object" && values !== null) return values as Record<string, unknown>;
  } catch {
    // The error below is for what is not JSON, too.
  }
  throw notOurs(`it is ${JSON.stringify(text.slice(0, 60))}`);
}

function notOurs(why: string): GatewayError {
  const message = `the answer is not that of opcache.php: ${why}`;
  return new GatewayError(ErrorCode.NotAStatusPage, message, { hint: HINT });
}
