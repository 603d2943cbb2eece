import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/errors.js";
import { parseConfiguration } from "../../../src/exporter/config/configuration.js";

const read = (text: string) => parseConfiguration(text, "site.yaml").configuration;

/** The lines of the error that a text causes. */
function problems(text: string): string[] {
  try {
    parseConfiguration(text, "site.yaml");
  } catch (error) {
    if (error instanceof GatewayError) return error.message.split("\n");
    throw error;
  }
  throw new Error("there is no error");
}

const site = `targets:
  - unix:/run/php/www.sock:/status
  - { address: 127.0.0.1:9000/status, labels: { site: shop } }
  - http://127.0.0.1/server-status?auto
discover: { php_fpm: true, apache: true, sockets: ["/run/php/*.sock"], files: ["targets/*.yaml"] }
modules:
  fpm: { kind: phpfpm, timeout: 3s, processes: 64 }
  httpd: { kind: apache, timeout: 3s }
probe:
  allow: ["10.0.0.0/8:9000", "unix:/run/php/*.sock", "http://10.0.0.7/server-status"]
`;

describe("a configuration", () => {
  it("has targets, discovery, modules, and what /probe may read", () => {
    const { targets, discover, modules, probe } = read(site);
    expect(targets).toMatchObject([
      { address: "unix:/run/php/www.sock:/status", labels: {} },
      { address: "127.0.0.1:9000/status", labels: { site: "shop" } },
      { address: "http://127.0.0.1/server-status?auto", labels: {} },
    ]);
    expect(discover).toMatchObject({
      php_fpm: true,
      apache: true,
      sockets: ["/run/php/*.sock"],
      files: ["targets/*.yaml"],
      http: [],
    });
    expect(modules).toMatchObject({
      fpm: { kind: "phpfpm", timeout: 3_000, processes: 64 },
      httpd: { kind: "apache", timeout: 3_000 },
    });
    expect(probe.allow).toHaveLength(3);
  });

  it("knows the line of each target", () => {
    const { sources } = parseConfiguration(site, "site.yaml");
    expect(sources).toEqual(["site.yaml:2", "site.yaml:3", "site.yaml:4"]);
  });

  it.each(["", "# nothing\n", "targets:\n", "targets: []\ndiscover:\n", "{}"])(
    "may be empty: %j",
    (text) => {
      expect(read(text)).toMatchObject({ targets: [], probe: { allow: [] }, modules: {} });
    },
  );

  it("has a key for each flag", () => {
    expect(
      read(`
metric_style: modern
fix_process_count: true
scrape: { timeout: 8s, timeout_offset: 0s }
web:
  listen: [":9253"]
  systemd_socket: false
  config_file: web.yaml
  telemetry_path: /m
  external_url: https://example.com/php
  route_prefix: /php
  lifecycle: true
textfile: /var/lib/node_exporter/php.prom
otlp: { endpoint: "http://127.0.0.1:4318", interval: 30s }
log: { level: debug, format: json }
modules:
  fpm: { kind: phpfpm, opcache: /srv/opcache.php }
  httpd: { kind: apache, host: www.example.com, insecure: true, headers: { X-A: b } }
`),
    ).toMatchObject({
      metric_style: "modern",
      fix_process_count: true,
      scrape: { timeout: 8_000, timeout_offset: 0 },
      web: { listen: [":9253"], telemetry_path: "/m", route_prefix: "/php", lifecycle: true },
      textfile: { path: "/var/lib/node_exporter/php.prom", interval: undefined },
      otlp: { interval: 30_000 },
      log: { level: "debug", format: "json" },
      modules: {
        fpm: { opcache: "/srv/opcache.php", timeout: 3_000, processes: 64 },
        httpd: { host: "www.example.com", insecure: true, headers: { "X-A": "b" } },
      },
    });
  });

  it("may say how often the textfile is written", () => {
    const text = "textfile: { path: php.prom, interval: 1m }";
    expect(read(text).textfile).toEqual({ path: "php.prom", interval: 60_000 });
    expect(problems("textfile: { path: php.prom, interval: 500ms }")).toHaveLength(1);
    expect(problems("textfile: { interval: 1m }")).toHaveLength(1);
  });

  it.each([
    ["500ms", 500],
    ["3s", 3_000],
    ["1.5s", 1_500],
    ["2m", 120_000],
  ])("has times such as %s", (text, milliseconds) => {
    expect(read(`scrape: { timeout: ${text} }`).scrape.timeout).toBe(milliseconds);
  });
});

describe("an unknown key", () => {
  it("is an error that says where it is, and what the keys are", () => {
    const text = "targets:\n  - { address: a:1, label: {} }\n# pools\nprobe:\n\npool: www\n";
    expect(problems(text)).toEqual([
      'site.yaml:2:21: unknown key "label"; the keys here are address, labels, module, opcache',
      expect.stringMatching(/^site\.yaml:6:1: unknown key "pool"; the keys here are targets, /),
    ]);
  });

  it.each(["constructor", "__proto__", "toString"])("may be named %s", (key) => {
    expect(problems(`${key}: 1`)).toEqual([`site.yaml:1:1: unknown key "${key}"`]);
    expect(problems(`modules: { ${key}: { kind: phpfpm } }`)).toHaveLength(1);
  });
});

describe("errors", () => {
  it("come all at once, in the order of the file", () => {
    const text = `modules:
  fpm: { kind: phpfpm, timeout: 3, processes: many }
  web: { kind: nginx }
targets:
  - "127.0.0.1"
  - labels: { site: shop }
  - { address: "scgi://127.0.0.1:1/x" }
discover: { php_fpm: "yes", files: targets.yaml }
probe: { allow: ["10.0.0.0/8"] }
`;
    expect(problems(text).map((line) => line.replace(/^(site\.yaml:\d+:\d+): .*/, "$1"))).toEqual([
      "site.yaml:2:33",
      "site.yaml:2:47",
      "site.yaml:3:16",
      "site.yaml:5:5",
      "site.yaml:6:5",
      "site.yaml:7:16",
      "site.yaml:8:22",
      "site.yaml:8:36",
      "site.yaml:9:18",
    ]);
  });

  it.each([
    ["targets: [a:1, a:1]", 'site.yaml:1:16: "a:1" is also target 1 of this list'],
    ["log: {}\nlog: {}", "site.yaml:2:1: Map keys must be unique"],
    ["scrape: { timeout: 3 }", "1:20: this must be a time such as 500ms, 3s or 1m"],
    ["scrape: { timeout: 3 s }", "1:20: this must be a time such as 500ms, 3s or 1m"],
    ["scrape: { timeout: 0s }", "1:20: this must be a time"],
    ["scrape: { timeout: 99999999h }", "1:20: this must be a time"],
    ["metric_style: old", "1:15: this must be drop-in or modern"],
    ["targets: [{ labels: {} }]", "1:11: the key address is missing"],
    ["targets: [{ address: a:1, labels: { a-b: x } }]", "1:37: this is not the name of a label"],
    ["targets: [{ address: a:1, labels: { __a: x } }]", "1:37: this is not the name of a label"],
    [
      "targets: [{ address: a:1, labels: { pool: x } }]",
      "1:37: the exporter itself sets the label pool: choose another name",
    ],
    ["targets: [{ address: a:1, labels: { a: 1 } }]", "1:40: this must be text"],
    ["targets: [{ address: a:1, module: m }]", '1:35: no module is called "m"'],
    [
      "modules: { m: { kind: apache } }\ntargets: [{ address: a:1, module: m }]",
      '2:35: the module "m" is of kind apache',
    ],
    ["targets: x", "1:10: this must be a list"],
    ["probe: []", "1:8: this must be keys with values"],
    ["- a:1", "1:1: this must be keys with values"],
    ["modules: { 'a b': { kind: apache } }", "1:12: this is not a name"],
    ["discover: { files: ['/x/**/*.yaml'] }", "1:21: ** is not supported"],
    ["discover: { http: ['ftp://x/'] }", "1:20: this must be a URL"],
    ["discover: { http: [{ url: 'http://x/', interval: 1ms }] }", "1:50: this must be a time"],
    ["targets: [", "site.yaml:1:"],
    ["a: 1\n---\nb: 2", "site.yaml:2:1: a second document begins here"],
    ["targets: [*nope]", "site.yaml:1:11: Unresolved alias"],
    ["targets: &all [*all]", "site.yaml:1:16: "],
    [
      `modules: &m { a: 1 }\nx:\n${"- *m\n".repeat(200)}`,
      /^site\.yaml:10\d:3: Excessive alias count/,
    ],
    ["targets: !!js/function x", "site.yaml:1:10: Unresolved tag"],
  ])("say what is wrong with %j", (text, problem) => {
    expect(problems(text).join("\n")).toMatch(problem);
  });

  it("refuse what is nested too deeply", () => {
    expect(problems("[".repeat(20_000))).toEqual(["site.yaml: it is nested too deeply"]);
  });

  it("stop at fifty", () => {
    const lines = problems(Array.from({ length: 80 }, (_, index) => `k${index}: 1`).join("\n"));
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe("30 more errors");
  });

  it("refuse a document that is too long, and aliases that expand to millions", () => {
    expect(() => read(`# ${"x".repeat(2_000_000)}`)).toThrow(/more than 1048576 characters/);
    const laughs = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [from, to] of ["ab", "bc", "cd", "de", "ef", "fg", "gh"]) {
      laughs.push(`${to}: &${to} [${Array(9).fill(`*${from}`)}]`);
    }
    expect(() => read(laughs.join("\n"))).toThrow(GatewayError);
  });
});
