import { statSync } from "node:fs";
import {
  type ConfigurationSections,
  type PoolSection,
  refusal,
  type Setting,
} from "./read-configuration.js";

/** The values of a pool's directives, with php-fpm's defaults. */
export class PoolDirectives {
  readonly name: string;
  readonly source: string;
  readonly #section: PoolSection;
  readonly #changed = new Map<string, string | number>();

  constructor(section: PoolSection) {
    this.name = section.name;
    this.source = section.source;
    this.#section = section;
  }

  /** A text; `undefined` where it is not set or not known. */
  text(name: string): string | undefined {
    const value = this.#value(name);
    return value === undefined ? undefined : `${value}`;
  }

  /** A number; `undefined` where it is not known. */
  number(name: string): number | undefined {
    if (this.dependsOn(name).length > 0 && !this.#changed.has(name)) return undefined;
    const value = this.#value(name);
    return typeof value === "number" ? value : (numberDefaults.get(name) ?? 0);
  }

  /** What a directive depends on and is not known. */
  dependsOn(name: string): readonly string[] {
    return this.#section.settings.get(name)?.dependsOn ?? [];
  }

  /** All that is not known, for messages: `pm.max_children depends on ${CHILDREN}`. */
  unknown(): string[] {
    return [...this.#section.settings]
      .filter(([, { dependsOn }]) => dependsOn.length > 0)
      .map(([name, { dependsOn }]) => `${name} depends on ${dependsOn.join(", ")}`);
  }

  /** An item of an array: `php_admin_value[error_log]`. */
  item(name: string): Setting | undefined {
    return this.#section.items.get(name);
  }

  /** The file and line of a directive, or of the pool where it is not set. */
  sourceOf(name: string): string {
    return this.#section.settings.get(name)?.source ?? this.source;
  }

  set(name: string, value: string | number): void {
    this.#changed.set(name, value);
  }

  #value(name: string): string | number | undefined {
    const changed = this.#changed.get(name);
    if (changed !== undefined) return changed;
    const setting = this.#section.settings.get(name);
    return setting === undefined || setting.dependsOn.length > 0 ? undefined : setting.value;
  }
}

const numberDefaults: ReadonlyMap<string, number> = new Map([
  ["listen.backlog", -1],
  ["pm.max_spawn_rate", 32],
  ["pm.process_idle_timeout", 10],
]);

/**
 * Completes and checks the pools as php-fpm does after it has read its files.
 *
 * @param prefix the prefix of relative paths: that of `-p`, or the one built in
 * @throws GatewayError `bad_input` where php-fpm refuses the configuration
 */
export function checkPools(
  { global, pools, problems }: ConfigurationSections,
  prefix: string,
): PoolDirectives[] {
  if (pools.length === 0 && problems.length === 0) throw refusal(global.source, "has no pool");
  const checked = pools.map((section) => new PoolDirectives(section));
  for (const pool of checked) checkPool(pool, prefix);
  checkListeners(checked, prefix);
  return checked;
}

function checkPool(pool: PoolDirectives, prefix: string): void {
  const refuse = (name: string, why: string): never => {
    throw refusal(pool.sourceOf(name), `pool ${pool.name}: ${why}`);
  };
  const known = (name: string) => pool.dependsOn(name).length === 0;

  const own = pool.text("prefix");
  if (own) {
    pool.set("prefix", fullPath(own, undefined, prefix));
    const folder = pool.text("prefix") ?? "";
    if (isNoFolder(folder)) refuse("prefix", `its prefix ${folder} is no folder`);
  }
  const listen = pool.text("listen");
  if (!listen && known("listen")) refuse("listen", "has no listen");
  if (listen && !isInternet(listen)) pool.set("listen", fullPath(listen, own, prefix));

  checkManager(pool, refuse, known);
  if (pool.text("pm.status_listen") !== undefined && pool.text("pm.status_path") === undefined) {
    if (known("pm.status_path")) pool.set("pm.status_path", "/");
  }
  const shortest = pool.text("pm.status_listen") === undefined ? 2 : 1;
  checkPath(pool, "pm.status_path", shortest, refuse);
  checkPath(pool, "ping.path", 2, refuse);
  if (pool.text("ping.path") && pool.text("ping.response") === "") {
    refuse("ping.response", "ping.response is empty");
  }
  checkLogs(pool, prefix, refuse, known);
}

type RefusePool = (name: string, why: string) => never;
type IsKnown = (name: string) => boolean;

function checkManager(pool: PoolDirectives, refuse: RefusePool, known: IsKnown): void {
  const manager = pool.text("pm");
  if (manager === undefined && known("pm")) refuse("pm", "has no pm: static, dynamic or ondemand");
  const most = pool.number("pm.max_children");
  if (most !== undefined && most < 1) {
    refuse("pm.max_children", "pm.max_children must be at least 1");
  }
  if (manager === "ondemand") {
    const idle = pool.number("pm.process_idle_timeout");
    if (idle !== undefined && idle < 1) {
      refuse("pm.process_idle_timeout", "pm.process_idle_timeout must be at least 1s");
    }
    for (const name of spares) pool.set(name, 0);
  }
  if (manager !== "dynamic") return;
  const [start, fewest, spare] = spares.map((name) => pool.number(name));
  for (const [name, value] of [
    ["pm.min_spare_servers", fewest],
    ["pm.max_spare_servers", spare],
    ["pm.max_spawn_rate", pool.number("pm.max_spawn_rate")],
  ] as const) {
    if (value !== undefined && value < 1) refuse(name, `${name} must be at least 1`);
    if (value !== undefined && name !== "pm.max_spawn_rate" && value > (most ?? Infinity)) {
      refuse(name, `${name} (${value}) is greater than pm.max_children (${most})`);
    }
  }
  if (fewest === undefined || spare === undefined) return;
  if (spare < fewest) {
    refuse("pm.max_spare_servers", "pm.max_spare_servers is less than pm.min_spare_servers");
  }
  if (start === undefined) return;
  if (start <= 0) pool.set("pm.start_servers", fewest + Math.trunc((spare - fewest) / 2));
  else if (start < fewest || start > spare) {
    refuse("pm.start_servers", `pm.start_servers (${start}) is not from ${fewest} to ${spare}`);
  }
}

const spares = ["pm.start_servers", "pm.min_spare_servers", "pm.max_spare_servers"] as const;

function checkPath(pool: PoolDirectives, name: string, shortest: number, refuse: RefusePool): void {
  const path = pool.text(name);
  if (!path) return;
  if (!path.startsWith("/")) refuse(name, `${name} "${path}" does not begin with /`);
  if (path.length < shortest) refuse(name, `${name} "${path}" is too short`);
  if (!/^[A-Za-z0-9/_.~-]*$/.test(path)) {
    refuse(name, `${name} "${path}" may have only letters, digits and /_-.~`);
  }
}

function checkLogs(pool: PoolDirectives, prefix: string, refuse: RefusePool, known: IsKnown): void {
  const own = pool.text("prefix");
  for (const name of ["access.log", "slowlog"]) {
    const path = pool.text(name);
    if (path) pool.set(name, fullPath(path, own, prefix));
  }
  const isSlowLogMissing = !pool.text("slowlog") && known("slowlog");
  for (const name of ["request_slowlog_timeout", "request_slowlog_trace_depth"]) {
    if (pool.number(name) && isSlowLogMissing) refuse(name, `${name} needs slowlog`);
  }
  const slow = pool.number("request_slowlog_timeout");
  const end = pool.number("request_terminate_timeout");
  if (slow && end && slow > end) {
    const name = "request_slowlog_timeout";
    refuse(name, `${name} (${slow}s) is greater than request_terminate_timeout (${end}s)`);
  }
  if ((pool.number("request_slowlog_trace_depth") ?? 0) < 0) {
    refuse("request_slowlog_trace_depth", "request_slowlog_trace_depth must be at least 1");
  }
}

/** Two pools, or a pool and a pm.status_listen, must not have one address. */
function checkListeners(pools: readonly PoolDirectives[], prefix: string): void {
  const seen = new Map<string, string>();
  const status = pools.map((pool) => ({
    pool,
    name: "pm.status_listen",
    listen: statusListenOf(pool, prefix),
  }));
  const own = pools.map((pool) => ({ pool, name: "listen", listen: pool.text("listen") }));
  for (const { pool, name, listen } of [...own, ...status]) {
    if (!listen) continue;
    const other = seen.get(listen);
    if (other !== undefined) {
      const why = `pool ${pool.name}: pool ${other} has the same listen, ${listen}`;
      throw refusal(pool.sourceOf(name), why);
    }
    seen.set(listen, pool.name);
  }
}

/** `pm.status_listen` with its full path, which begins at the global prefix. */
export function statusListenOf(pool: PoolDirectives, prefix: string): string | undefined {
  const listen = pool.text("pm.status_listen");
  return !listen || isInternet(listen) ? listen : fullPath(listen, undefined, prefix);
}

/** A path that begins at the prefix of the pool, or else at that of php-fpm. */
export function fullPath(path: string, own: string | undefined, prefix: string): string {
  if (path.startsWith("/")) return path;
  const full = `${own ?? prefix}/${path}`;
  return full.startsWith("/") ? full : `${prefix}/${full}`;
}

/** Whether php-fpm takes a value of `listen` for an address of TCP: by a colon, or by digits alone. */
export function isInternet(listen: string): boolean {
  return listen.includes(":") || /^\d*$/.test(listen);
}

/** Whether a path is known not to be a folder. */
function isNoFolder(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR";
  }
}
