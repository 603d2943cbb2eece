import { type IniText, leadingInteger } from "./ini-line.js";

/** How php-fpm reads the value of a directive. */
type DirectiveType = "string" | "integer" | "time" | "boolean" | "limit" | "level" | "manager";

const strings = (names: string) => names.split(" ").map((name) => [name, "string"] as const);
const integers = (names: string) => names.split(" ").map((name) => [name, "integer"] as const);
const times = (names: string) => names.split(" ").map((name) => [name, "time"] as const);
const booleans = (names: string) => names.split(" ").map((name) => [name, "boolean"] as const);

/** The directives of `[global]`. */
export const globalDirectives: ReadonlyMap<string, DirectiveType> = new Map<string, DirectiveType>([
  ...strings("pid error_log syslog.ident syslog.facility events.mechanism"),
  ...integers("log_limit emergency_restart_threshold process.max process.priority rlimit_files"),
  ...times("emergency_restart_interval process_control_timeout systemd_interval"),
  ...booleans("log_buffering daemonize"),
  ["log_level", "level"],
  ["rlimit_core", "limit"],
]);

/** The directives of a pool. */
export const poolDirectives: ReadonlyMap<string, DirectiveType> = new Map<string, DirectiveType>([
  ...strings("prefix user group listen listen.acl_users listen.acl_groups listen.owner"),
  ...strings("listen.group listen.mode listen.allowed_clients pm.status_path pm.status_listen"),
  ...strings("ping.path ping.response access.log access.format slowlog chroot chdir"),
  ...strings("security.limit_extensions apparmor_hat"),
  ...integers("listen.backlog listen.setfib process.priority pm.max_children pm.start_servers"),
  ...integers("pm.min_spare_servers pm.max_spare_servers pm.max_spawn_rate pm.max_requests"),
  ...integers("request_slowlog_trace_depth rlimit_files"),
  ...times("pm.process_idle_timeout request_slowlog_timeout request_terminate_timeout"),
  ...booleans("process.dumpable request_terminate_timeout_track_finished catch_workers_output"),
  ...booleans("decorate_workers_output clear_env"),
  ["pm", "manager"],
  ["rlimit_core", "limit"],
]);

/** The arrays of a pool. Their names are case-sensitive. */
export const poolArrays: ReadonlySet<string> = new Set([
  "env",
  "php_value",
  "php_admin_value",
  "php_flag",
  "php_admin_flag",
  "access.suppress_path",
]);

const SECONDS: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3_600],
  ["d", 86_400],
]);

/**
 * The value as php-fpm keeps it: an integer as a number, a time in seconds, a boolean as 1 or 0.
 *
 * @returns what is wrong with it, as `problem`
 */
export function readDirectiveValue(
  type: DirectiveType,
  { text }: IniText,
): { readonly value: string | number } | { readonly problem: string } {
  switch (type) {
    case "string":
      return { value: text };
    case "integer":
      return integer(text);
    case "time":
      return time(text);
    case "boolean":
      if (text === "1" || text === "") return { value: Number(text) };
      return { problem: "is not a boolean: write yes or no" };
    case "limit":
      return /^unlimited$/i.test(text) ? { value: -1 } : integer(text);
    case "level":
      if (/^(debug|notice|warn(ing)?|error|alert)$/i.test(text)) return { value: text };
      return { problem: "is no level: alert, error, warning, notice or debug" };
    case "manager":
      if (/^(static|dynamic|ondemand)$/i.test(text)) return { value: text.toLowerCase() };
      return { problem: "is no process manager: static, dynamic or ondemand" };
  }
}

function integer(text: string) {
  if (/^-?\d*$/.test(text)) return { value: leadingInteger(text) };
  return { problem: "is not a whole number" };
}

function time(text: string) {
  const unit = text.slice(-1);
  const factor = SECONDS.get(unit);
  if (factor !== undefined) return { value: factor * leadingInteger(text.slice(0, -1)) };
  if (/^\d$/.test(unit)) return { value: leadingInteger(text) };
  return { problem: "is not a time: write 30s, 5m, 2h or 1d" };
}
