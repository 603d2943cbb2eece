import { describe, expect, it } from "vitest";
import { parseFlags } from "../../../src/cli/exporter/parse-flags.js";
import { fixture } from "../../fixtures.js";

/** What was given, without what is unset. */
function given(args: readonly string[], env: Record<string, string> = {}) {
  const { values } = parseFlags(args, env);
  const set = Object.entries(values).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(set);
}

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("flags are written as Go's are", () => {
  it.each([
    [["--web.telemetry-path=/m"], { telemetryPath: "/m" }],
    [["--web.telemetry-path", "/m"], { telemetryPath: "/m" }],
    [["-web.telemetry-path", "/m"], { telemetryPath: "/m" }],
    [["--scrape_uri=http://a/?x=y=z"], { httpdUris: ["http://a/?x=y=z"] }],
    [["--insecure"], { insecure: true }],
    [["-insecure"], { insecure: true }],
    [["--no-insecure"], { insecure: false }],
    [["--insecure=false"], { insecure: false }],
    [["--insecure=T"], { insecure: true }],
    [["--insecure", "--no-insecure"], { insecure: false }],
    [["--no-web.systemd-socket"], { systemdSocket: false }],
    [["--phpfpm.fix-process-count=1"], { fixProcessCount: true }],
    [["--web.telemetry-path=/a", "--web.telemetry-path=/b"], { telemetryPath: "/b" }],
    [["-h"], { help: true }],
  ])("%j", (args, expected) => {
    expect(given(args)).toEqual(expected);
  });

  it("what follows a boolean, and what follows --, is an operand", () => {
    expect(parseFlags(["server", "--insecure", "a:1", "--", "--help"], {}).operands).toEqual([
      "server",
      "a:1",
      "--help",
    ]);
  });

  it.each(
    [
      "1 t T TRUE true True".split(" ").map((text) => [text, true] as const),
      "0 f F FALSE false False".split(" ").map((text) => [text, false] as const),
    ].flat(),
  )("%s is a boolean", (text, expected) => {
    expect(given([`--phpfpm.fix-process-count=${text}`])).toEqual({ fixProcessCount: expected });
  });

  it.each([
    [["--phpfpm.fix-process-count=yes"], '--phpfpm.fix-process-count: "yes" is not a boolean'],
    [["--web.listen-address"], "--web.listen-address needs a value"],
    [["--log.level=loud"], '--log.level: "loud" is not a level'],
    [["--log.format=xml"], '--log.format: "xml" is none of logfmt, json'],
    [["--metric-style=old"], '--metric-style: "old" is none of drop-in, modern'],
    [["--processes.max=-1"], '--processes.max: "-1" is not a number from 0 to 999999'],
    [["--web.telemetry-path=metrics"], '--web.telemetry-path: "metrics" is not a path'],
    [["--custom_headers=X"], '--custom_headers: "X" is not a header field'],
    [["--no-web.telemetry-path"], "unknown flag --no-web.telemetry-path"],
    [["--insecure-too=1"], "unknown flag --insecure-too"],
    [["--__proto__=1"], "unknown flag --__proto__"],
  ])("%j is refused", (args, message) => {
    expect(() => parseFlags(args, {})).toThrow(message);
  });

  it("are all named where several are wrong", () => {
    const args = ["--insecure=maybe", "--processes.max=-1", "--nosuch=1", "--log.level"];
    const error = thrownBy(() => parseFlags(args, { PHP_FPM_LOG_LEVEL: "loud" }));
    expect(error.message.split("\n")).toEqual([
      '--insecure: "maybe" is not a boolean; write true or false',
      '--processes.max: "-1" is not a number from 0 to 999999; write digits, as in 64',
      "unknown flag --nosuch; see fcgi-probe exporter --help",
      "--log.level needs a value; write it as --log.level=LEVEL",
      'PHP_FPM_LOG_LEVEL: "loud" is not a level',
    ]);
  });

  it("names the flag that was meant", () => {
    expect(() => parseFlags(["--web.listen-adress=:1"], {})).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("--web.listen-address") }),
    );
  });

  it.each(["--k8s.auto-tracking", "--k8s.namespace=x"])("%s is Prometheus' work", (flag) => {
    expect(() => parseFlags([flag], {})).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("Prometheus finds pods itself"),
        hint: expect.stringMatching(/kubernetes_sd_configs.*\/probe\?target=/),
      }),
    );
  });
});

describe("the flags of php-fpm_exporter", () => {
  it("are all known", () => {
    const text = flagsText("php-fpm_exporter");
    const flags = text.match(/--[\w.-]+/g) ?? [];
    expect(flags.length).toBeGreaterThan(6);
    for (const flag of flags) {
      const value = /help|fix-process-count/.test(flag) ? "" : `=${valueFor(flag)}`;
      expect(given([`${flag}${value}`]), flag).not.toEqual({});
    }
  });

  it("take lists with commas, and repetitions", () => {
    const args = ["--phpfpm.scrape-uri", "a:1,b:2", "--phpfpm.scrape-uri=c:3"];
    expect(given(args)).toEqual({ poolUris: ["a:1", "b:2", "c:3"] });
  });

  it("PHP_FPM_SCRAPE_URI adds to them", () => {
    const env = { PHP_FPM_SCRAPE_URI: "b:2,c:3" };
    expect(given(["--phpfpm.scrape-uri=a:1"], env)).toEqual({ poolUris: ["a:1", "b:2", "c:3"] });
    expect(given([], env)).toEqual({ poolUris: ["b:2", "c:3"] });
  });

  it("win over their other variables", () => {
    const env = {
      PHP_FPM_WEB_LISTEN_ADDRESS: ":1",
      PHP_FPM_WEB_TELEMETRY_PATH: "/v",
      PHP_FPM_FIX_PROCESS_COUNT: "true",
      PHP_FPM_LOG_LEVEL: "error",
    };
    expect(given([], env)).toEqual({
      listenAddresses: [":1"],
      telemetryPath: "/v",
      fixProcessCount: true,
      logLevel: "error",
    });
    const args = ["--web.listen-address=:2", "--web.telemetry-path=/f"];
    const more = ["--phpfpm.fix-process-count=false", "--log.level=debug"];
    expect(given([...args, ...more], env)).toEqual({
      listenAddresses: [":2"],
      telemetryPath: "/f",
      fixProcessCount: false,
      logLevel: "debug",
    });
  });

  it("have the levels of logrus", () => {
    const levels = ["trace", "debug", "info", "warn", "warning", "error", "fatal", "panic", "WARN"];
    expect(levels.map((level) => given([`--log.level=${level}`])["logLevel"])).toEqual([
      "debug",
      "debug",
      "info",
      "warn",
      "warn",
      "error",
      "error",
      "error",
      "warn",
    ]);
  });
});

describe("the flags of apache_exporter", () => {
  it.each(["0.12", "1.1.1"])("%s are all known", (release) => {
    const text = flagsText(`apache_exporter-${release}`);
    // Kingpin's own: manuals and completion.
    const flags = (text.match(/--[\w.[\]-]+/g) ?? []).filter((flag) => !/--help-/.test(flag));
    expect(flags.length).toBeGreaterThan(8);
    for (const each of flags) {
      const flag = each.replace("[no-]", "no-");
      const value = /no-|help|version|insecure/.test(flag) ? "" : `=${valueFor(flag)}`;
      expect(given([`${flag}${value}`]), flag).not.toEqual({});
    }
  });

  it("of old releases cause a warning that names the new one", () => {
    const { values, warnings } = parseFlags(
      ["--telemetry.address=:9117", "--web.config=w.yml"],
      {},
    );
    expect(values).toMatchObject({ listenAddresses: [":9117"], webConfig: "w.yml" });
    expect(warnings).toEqual([
      "--telemetry.address is an old name: write --web.listen-address",
      "--web.config is an old name: write --web.config.file",
    ]);
  });

  it("win over their variables; an empty variable is unset", () => {
    const env = {
      METRICS_ENDPOINT: "/v",
      SCRAPE_URI: "http://v/",
      HOST_OVERRIDE: "v",
      INSECURE: "true",
    };
    expect(given([], env)).toEqual({
      telemetryPath: "/v",
      httpdUris: ["http://v/"],
      hostOverride: "v",
      insecure: true,
    });
    const args = ["--telemetry.endpoint=/f", "--scrape_uri=http://f/", "--host_override=f"];
    expect(given([...args, "--no-insecure"], env)).toEqual({
      telemetryPath: "/f",
      httpdUris: ["http://f/"],
      hostOverride: "f",
      insecure: false,
    });
    const empty = Object.fromEntries(Object.keys(env).map((name) => [name, ""]));
    expect(given([], empty)).toEqual({});
  });

  it("a wrong variable is named", () => {
    expect(() => parseFlags([], { INSECURE: "maybe" })).toThrow('INSECURE: "maybe" is not a');
  });

  it("--custom_headers takes fields as kingpin does", () => {
    const args = ["--custom_headers=X-A=1", "--custom_headers", "X-B: two=2"];
    expect(given(args)).toEqual({
      customHeaders: [
        ["X-A", "1"],
        ["X-B", "two=2"],
      ],
    });
  });
});

describe("our own flags", () => {
  it.each([
    [["--check-config"], { checkConfig: true }],
    [["--config.check"], { checkConfig: true }],
    [["--enable-lifecycle"], { enableLifecycle: true }],
    [["--web.enable-lifecycle"], { enableLifecycle: true }],
    [["--scrape.timeout=2s"], { scrapeTimeout: 2_000 }],
    [["--timeout-offset=0.25"], { timeoutOffset: 250 }],
    [["--timeout-offset=0"], { timeoutOffset: 0 }],
    [["--processes.max=0"], { maxProcesses: 0 }],
    [["--metric-style=modern"], { metricStyle: "modern" }],
    [["--textfile=/x/y.prom"], { textfile: "/x/y.prom" }],
    [["--textfile.interval=1m"], { textfileInterval: 60_000 }],
    [["--phpfpm.opcache-script=/x/o.php"], { opcacheScript: "/x/o.php" }],
    [["--otlp.endpoint=http://c:4318", "--otlp.interval=1m"], { otlpInterval: 60_000 }],
    [["--web.external-url=http://p/x", "--web.route-prefix=/x"], { routePrefix: "/x" }],
  ])("%j", (args, expected) => {
    expect(given(args)).toMatchObject(expected);
  });
});

/** The flags that a peer's help names. */
function flagsText(peer: string): string {
  return new TextDecoder().decode(fixture(`exporter/${peer}.flags.txt`));
}

function valueFor(flag: string): string {
  if (/level/.test(flag)) return "info";
  if (/format/.test(flag)) return "json";
  if (/out/.test(flag)) return "text";
  if (/headers/.test(flag)) return "X-A=1";
  return "/x";
}
