import { parseAddress } from "../../address.js";
import { shownUrl } from "../../apache/fetch/status-url.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import {
  type HttpSettings,
  kindOf,
  type ScrapeTarget,
  targetDefaults,
} from "../../exporter/target.js";
import { ErrorList } from "./error-list.js";
import type { CommandLine } from "./parse-flags.js";

/** The page that apache_exporter reads without a URL. */
const APACHE_EXPORTER_DEFAULT = "http://localhost/server-status?auto";
/** The pool that php-fpm_exporter reads without a URI. */
const PHP_FPM_EXPORTER_DEFAULT = "tcp://127.0.0.1:9000/status";

/**
 * The targets of a command line and its variables, in their order. Without any, the commands of
 * php-fpm_exporter (`server`, `get`) and the flags that only apache_exporter has mean what they
 * mean there; otherwise there are none, and the exporter looks for targets itself.
 *
 * @param command `server` or `get` where it was written
 * @throws GatewayError `bad_address` with all errors, a line each
 */
export function flagTargets(
  { values, given, operands }: CommandLine,
  command: string | undefined,
): ScrapeTarget[] {
  const { hostOverride: host, insecure, customHeaders, maxProcesses } = values;
  const http = { host, insecure, headers: Object.fromEntries(customHeaders) };
  const errors = new ErrorList();
  const make = (source: string, kind?: ScrapeTarget["kind"]) => (address: string) => {
    const more = { http, processes: maxProcesses };
    return errors.attempt(() => targetOf(address, kind ?? kindOf(address), source, more)) ?? [];
  };
  const pools = make("--phpfpm.scrape-uri", "phpfpm");
  const httpds = make("--scrape_uri", "apache");
  const targets = [
    ...values.poolUris.flatMap(pools),
    ...values.httpdUris.flatMap(httpds),
    ...operands.flatMap(make("the command line")),
  ];
  errors.throwAny();
  if (targets.length > 0 || values.config !== undefined) return targets;
  if (command !== undefined) return [pools(PHP_FPM_EXPORTER_DEFAULT)].flat();
  const isApacheExporter =
    given.has("hostOverride") || given.has("insecure") || given.has("customHeaders");
  return isApacheExporter ? [httpds(APACHE_EXPORTER_DEFAULT)].flat() : [];
}

function targetOf(
  address: string,
  kind: ScrapeTarget["kind"],
  source: string,
  { http, processes }: { http: HttpSettings; processes: number | undefined },
): ScrapeTarget {
  check(address, kind, source);
  return {
    ...targetDefaults,
    address,
    kind,
    source,
    processes: processes ?? targetDefaults.processes,
    ...(kind === "apache" && { http }),
  };
}

function check(address: string, kind: ScrapeTarget["kind"], source: string): void {
  if (kind === "phpfpm") {
    parseAddress(address);
    return;
  }
  if (/^https?:\/\//i.test(address) && URL.canParse(address)) return;
  throw new GatewayError(
    ErrorCode.BadAddress,
    `${source}: "${shownUrl(address)}" is not a URL of httpd`,
    {
      hint: "write it as in http://127.0.0.1/server-status?auto",
    },
  );
}
