import picomatch from "picomatch";
import * as v from "valibot";
import {
  choice,
  count,
  duration,
  flag,
  list,
  maybe,
  readBy,
  section,
  text,
  variantSection,
} from "../../yaml/fields.js";
import { parseAllowRule } from "../probe/allow-rule.js";
import { targetDefaults } from "../target.js";
import { checkTargetAddress, isLabelName, reservedLabels } from "./target-checks.js";

const labelName = v.pipe(
  v.string(),
  v.check(
    isLabelName,
    "this is not the name of a label: write letters, digits and _, without a digit or __ in front",
  ),
  v.check(
    (name) => !reservedLabels.has(name),
    ({ input }) => `the exporter itself sets the label ${input}: choose another name`,
  ),
);
const moduleName = v.pipe(
  v.string(),
  v.regex(/^[\w.-]{1,100}$/, "this is not a name: write letters, digits, _, - and ."),
);

const targetEntry = section({
  /** The address of a pool, or the URL of httpd's status page. */
  address: readBy(checkTargetAddress),
  /** Labels of all its series. */
  labels: v.nullish(v.record(labelName, text, "this must be labels with values"), {}),
  /** How it is read. Default: the first module of its kind. */
  module: maybe(text),
  /** The path of `opcache.php` as the pool sees it. Default: that of the module. */
  opcache: maybe(text),
});

/** More header fields of a request. */
const headerFields = v.pipe(
  v.record(text, v.string("this must be text"), "this must be names with values"),
  v.check(
    canBeSent,
    "these cannot be sent: a header field has a name of letters, digits and -, and a value of one line",
  ),
);

function canBeSent(fields: Readonly<Record<string, string>>): boolean {
  try {
    new Headers(fields);
    return true;
  } catch {
    return false;
  }
}

function hasReadableUser(text: string): boolean {
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

const shared = {
  /** Milliseconds that a scrape may take. */
  timeout: v.optional(duration(), `${targetDefaults.timeout}ms`),
};
const poolModule = variantSection({
  kind: v.literal("phpfpm"),
  ...shared,
  /** How many processes of a pool get series of their own. */
  processes: v.optional(count(0, 100_000), targetDefaults.processes),
  /** The path of `opcache.php` as the pools see it. */
  opcache: maybe(text),
});
const httpdModule = variantSection({
  kind: v.literal("apache"),
  ...shared,
  /** The host name of the requests. */
  host: maybe(text),
  /** More header fields. */
  headers: maybe(headerFields),
  /** Whether to accept any certificate. */
  insecure: maybe(flag),
});

const pattern = v.pipe(
  text,
  v.check(
    (glob) => !glob.includes("**"),
    "** is not supported: name the folders, with * in each name",
  ),
  v.check((glob) => picomatch.scan(glob).base !== glob || !glob.endsWith("/"), "this is a folder"),
);

const httpSource = v.lazy((input) =>
  typeof input === "string"
    ? v.pipe(
        webUrl(),
        v.transform((url) => ({ url, interval: 60_000, headers: undefined })),
      )
    : section({
        url: webUrl(),
        /** Milliseconds from one request to the next. */
        interval: v.optional(duration(1_000), "60s"),
        /** More header fields. */
        headers: maybe(headerFields),
      }),
);

function webUrl() {
  return v.pipe(
    text,
    v.check(
      (url) => /^https?:\/\//.test(url) && URL.canParse(url),
      "this must be a URL such as https://example.com/targets",
    ),
    v.check(
      (url) => !URL.canParse(url) || hasReadableUser(url),
      "write a % in the user name or password as %25",
    ),
  );
}

const httpPath = v.pipe(text, v.regex(/^\/[\w.~/-]*$/, "this must be a path such as /metrics"));

/** A configuration file of the exporter. */
export const configurationSchema = section({
  targets: list(
    v.pipe(
      v.lazy((input) =>
        typeof input === "string"
          ? v.pipe(
              readBy(checkTargetAddress),
              v.transform((address) => ({
                address,
                labels: {} as Record<string, string>,
                module: undefined,
                opcache: undefined,
              })),
            )
          : targetEntry,
      ),
    ),
  ),
  discover: v.nullish(
    section({
      /** Whether to find the pools of this machine. */
      php_fpm: v.optional(flag, false),
      /** Whether to find the httpds of this machine. */
      apache: v.optional(flag, false),
      /** Whether to read php-fpm's configuration for targets that are pools of this machine. */
      configuration: v.optional(flag, true),
      /** Sockets of pools, by globs. */
      sockets: list(pattern),
      /** Host names, each with a port: `php.example.com:9000/status`. All addresses are read. */
      dns: list(text),
      /** Milliseconds from one look at this machine and at DNS to the next. Files are watched. */
      interval: v.optional(duration(1_000), "30s"),
      /** Files of targets, by globs: those of Prometheus' file_sd. */
      files: list(pattern),
      /** URLs that answer as Prometheus' http_sd expects. */
      http: list(httpSource),
    }),
    {},
  ),
  modules: v.nullish(
    v.record(
      moduleName,
      v.variant("kind", [poolModule, httpdModule], "this must have kind: phpfpm or kind: apache"),
      "this must be names of modules",
    ),
    {},
  ),
  probe: v.nullish(
    section({
      /** What `/probe` may read beside the targets. */
      allow: list(readBy(parseAllowRule)),
      /** Whether `debug=true` shows how a target was read. */
      debug: maybe(flag),
    }),
    {},
  ),
  metric_style: maybe(choice(["drop-in", "modern"])),
  fix_process_count: maybe(flag),
  scrape: v.nullish(
    section({ timeout: maybe(duration()), timeout_offset: maybe(duration(0)) }),
    {},
  ),
  web: v.nullish(
    section({
      listen: list(text),
      systemd_socket: maybe(flag),
      config_file: maybe(text),
      telemetry_path: maybe(httpPath),
      external_url: maybe(webUrl()),
      route_prefix: maybe(httpPath),
      lifecycle: maybe(flag),
    }),
    {},
  ),
  /** The file to write the metrics to, and how often. */
  textfile: maybe(
    v.lazy((input) =>
      typeof input === "string"
        ? v.pipe(
            text,
            v.transform((path) => ({ path, interval: undefined })),
          )
        : section({ path: text, interval: maybe(duration(1_000)) }),
    ),
  ),
  otlp: v.nullish(section({ endpoint: maybe(webUrl()), interval: maybe(duration(1_000)) }), {}),
  log: v.nullish(
    section({
      level: maybe(choice(["debug", "info", "warn", "error"])),
      format: maybe(choice(["logfmt", "json"])),
    }),
    {},
  ),
});

/** What a configuration file says, with its defaults. Times are in milliseconds. */
export type ExporterConfiguration = v.InferOutput<typeof configurationSchema>;
