import { parseMemorySize, parseTimespan } from "../apache/manager/quantities.js";
import {
  addPageHeader,
  type PageRequestOptions,
  parseHost,
} from "../cli/commands/apache/options.js";
import { type GetoptOption, parseOptions } from "./getopt.js";

/** The options on a command line. */
export interface ManagerOptions {
  /**
   * The version of apache-manager to act as: 2 when an option of version 2 is given, otherwise 1.
   * Version 1 has one action, which the options imply, and then writes the metrics file. Version 2
   * does only what its options name.
   */
  readonly version: 1 | 2;
  readonly help: boolean;
  readonly watch: boolean;
  readonly collectMetrics: boolean;
  readonly killWorkers: boolean;
  readonly zabbixDiscovery: boolean;
  readonly dryRun: boolean;
  /** Each -v adds 1, each -q takes 1 away. Default: 0. */
  readonly verbosity: number;
  readonly dataFile: string | undefined;
  /**
   * Bytes. `500M` has powers of 1,000 in version 1 and of 1,024 in version 2; `500MiB` always
   * 1,024.
   */
  readonly maxMemoryActive: number | undefined;
  readonly maxMemoryIdle: number | undefined;
  /** Seconds. */
  readonly maxTime: number | undefined;
  readonly hangingAfter: number | undefined;
  readonly interval: number | undefined;
  readonly url: string | undefined;
  readonly config: string | undefined;
  /** Names that httpd was started with (`-D`). */
  readonly define: readonly string[];
  readonly master: string | undefined;
  /** How the status page is requested. */
  readonly page: PageRequestOptions;
  readonly positionals: readonly string[];
}

type Key =
  | Exclude<keyof ManagerOptions, "version" | "verbosity" | "page" | "positionals">
  | keyof PageRequestOptions;

interface ManagerSpec extends GetoptOption {
  readonly key: Key | "verbose" | "quiet";
}

const version1: readonly ManagerSpec[] = [
  { key: "watch", long: ["watch"], short: "w" },
  { key: "maxMemoryActive", long: ["max-memory-active"], short: "a", takesValue: true },
  { key: "maxMemoryIdle", long: ["max-memory-idle"], short: "i", takesValue: true },
  { key: "maxTime", long: ["max-ss", "max-time"], short: "t", takesValue: true },
  { key: "dataFile", long: ["data-file"], short: "f", takesValue: true },
  { key: "zabbixDiscovery", long: ["zabbix-discovery"], short: "z" },
  { key: "dryRun", long: ["dry-run", "simulate"], short: "n" },
  { key: "verbose", long: ["verbose"], short: "v" },
  { key: "quiet", long: ["quiet"], short: "q" },
  { key: "help", long: ["help"], short: "h" },
];

const version2: readonly ManagerSpec[] = [
  { key: "collectMetrics", long: ["collect-metrics"], short: "c" },
  { key: "killWorkers", long: ["kill-workers"], short: "k" },
  { key: "hangingAfter", long: ["hanging-worker-threshold"], short: "T", takesValue: true },
];

const ours: readonly ManagerSpec[] = [
  { key: "url", long: ["url"], takesValue: true },
  { key: "config", long: ["config"], takesValue: true },
  { key: "master", long: ["master"], takesValue: true },
  { key: "interval", long: ["interval"], takesValue: true },
];

/** A set of its own, so that prefixes of the others stay unique. */
const oursAdded: readonly ManagerSpec[] = [
  { key: "define", long: ["define"], takesValue: true },
  { key: "host", long: ["host"], takesValue: true },
  { key: "header", long: ["header"], takesValue: true },
  { key: "insecure", long: ["insecure"] },
];

/**
 * Reads the command line of apache-manager, of version 1.2 and of 2.
 *
 * @throws OptionError for an unknown or incomplete option
 * @throws GatewayError `bad_input` for a malformed value
 */
export function readManagerOptions(args: readonly string[]): ManagerOptions {
  const { options, positionals } = parseOptions(args, [version1, version2, ours, oursAdded]);
  const values = new Map<ManagerSpec["key"], string>();
  const page: PageRequestOptions = {};
  let verbosity = 0;
  for (const { spec, value } of options) {
    values.set(spec.key, value);
    if (spec.key === "verbose") verbosity++;
    if (spec.key === "quiet") verbosity--;
    if (spec.key === "host") page.host = parseHost(value);
    if (spec.key === "header") page.header = addPageHeader(value, page.header);
    if (spec.key === "insecure") page.insecure = true;
  }
  const version = version2.some(({ key }) => values.has(key)) ? 2 : 1;
  const parsed = <Value>(key: Key, parse: (text: string) => Value) => {
    const text = values.get(key);
    return text === undefined ? undefined : parse(text);
  };
  const bytes = (text: string) => parseMemorySize(text, { binary: version === 2 });
  return {
    version,
    verbosity,
    page,
    positionals,
    help: values.has("help"),
    watch: values.has("watch"),
    collectMetrics: values.has("collectMetrics"),
    killWorkers: values.has("killWorkers"),
    zabbixDiscovery: values.has("zabbixDiscovery"),
    dryRun: values.has("dryRun"),
    dataFile: values.get("dataFile"),
    maxMemoryActive: parsed("maxMemoryActive", bytes),
    maxMemoryIdle: parsed("maxMemoryIdle", bytes),
    maxTime: parsed("maxTime", parseTimespan),
    hangingAfter: parsed("hangingAfter", parseTimespan),
    interval: parsed("interval", parseTimespan),
    url: values.get("url"),
    config: values.get("config"),
    define: options.flatMap(({ spec, value }) => (spec.key === "define" ? [value] : [])),
    master: values.get("master"),
  };
}

/** What `apache-manager --help` prints. */
export const managerHelp = `Usage: apache-manager [OPTIONS]

Shows and writes metrics of Apache httpd and its workers, and kills workers that
hang or use too much memory. The options, the output and the exit codes are
those of apache-manager 1.2, and with -c, -k or -T those of 2.x.

  -w, --watch                    show the metrics repeatedly
      --interval=SPAN            time between two readings (default: 10 seconds)
  -a, --max-memory-active=SIZE   kill active workers that use more memory
  -i, --max-memory-idle=SIZE     kill idle workers that use more memory
  -t, --max-time=SPAN            kill workers that are on one request for longer
      --max-ss=SPAN              the same
  -f, --data-file=PATH           the file for the metrics, - for standard output
                                 (default: apache-manager.txt in the temporary
                                 folder)
  -z, --zabbix-discovery         print the groups of processes whose memory
                                 usage is in the metrics, as JSON for Zabbix's
                                 low-level discovery
  -n, --dry-run, --simulate      kill nothing
  -v, --verbose                  log more (repeatable)
  -q, --quiet                    log less (repeatable)
  -h, --help                     show this text

Options of 2.x. With any of these, K and M are powers of 1,024, the ini files
are read (/etc/apache-manager.ini and others), and only actions that an option
names are taken:

  -c, --collect-metrics          write the metrics
  -k, --kill-workers             kill workers that are over a limit
  -T, --hanging-worker-threshold=SPAN
                                 time on one request after which a worker hangs
                                 (default: 5 minutes)

Options that apache-manager does not have:

      --url=URL                  the status page (default: from the
                                 configuration of httpd)
      --config=PATH              httpd's configuration (default: found on this
                                 machine)
      --define=NAME              a name that httpd was started with (-D);
                                 repeatable
      --master=PID               the pid of httpd's master, or its PidFile
      --host=NAME                the Host to request, at the address of the URL
      --header=NAME=VALUE        a header field to send; repeatable
      --insecure                 accept any TLS certificate

Write a SIZE as 500M, 1.5GB or 64KiB, and a SPAN as 30s, 5m or 2h.
Exit status: 0 success, 1 failure.
`;
