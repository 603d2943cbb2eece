import { describe, expect, it } from "vitest";
import { createExporter } from "../../src/exporter/create-exporter.js";
import type { LogRecord, ProbeSettings } from "../../src/exporter/settings.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { targetOf } from "./targets.js";

const allowed = "unix:/nowhere/allowed.sock:/status";

/** Rules that allow one target. */
const rules: ProbeSettings = {
  modules: new Map([["fpm", { kind: "phpfpm", timeout: 700, processes: 3 }]]),
  allow: async (target, { timeout, processes }) => {
    if (target === "boom") throw new Error("the name service is down");
    if (target === "never") return new Promise(() => {});
    return target === allowed ? targetOf(target, { timeout, processes }) : undefined;
  },
};

async function probe(
  query: string,
  { probe = rules as ProbeSettings | null, headers = {}, served = [targetOf("127.0.0.1:1")] } = {},
) {
  const records: LogRecord[] = [];
  const log = (record: LogRecord) => records.push(record);
  const exporter = createExporter({ targets: [], served, probe: probe ?? undefined, log });
  const response = await exporter.fetch(new Request(`http://exporter/probe${query}`, { headers }));
  return { status: response.status, text: await response.text(), records };
}

const of = (target: string, rest = "") => `?target=${encodeURIComponent(target)}${rest}`;

describe("/probe", () => {
  it.each([
    ["", /parameter target is missing/],
    ["?target=", /parameter target is missing/],
    [of(allowed, "&module=nosuch"), /no module "nosuch"/],
    [of(allowed, "&module=__proto__"), /no module/],
  ])("refuses %s with 400", async (query, text) => {
    const answer = await probe(query);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(text);
  });

  it("says the same of every target that is not allowed, whatever it is", async () => {
    const answers = [];
    for (const target of ["10.0.0.1:9000", "unix:/etc/passwd", "http://169.254.169.254/", "boom"]) {
      answers.push(await probe(of(target)));
    }
    answers.push(await probe(of(allowed), { probe: null }));
    answers.push(await probe(of(encodeURIComponent(allowed))));
    for (const { status, text } of answers) {
      expect([status, text]).toEqual([403, "this target may not be probed\n"]);
    }
  });

  it("does not wait longer than a scrape for a name to be resolved", async () => {
    const headers = { "X-Prometheus-Scrape-Timeout-Seconds": "0.1" };
    const { status, records } = await probe(of("never"), { headers });
    expect(status).toBe(403);
    expect(records).toMatchObject([{ error: "the target was not resolved in time" }]);
  });

  it("reads what a rule allows: a dead target is 200 and up 0, with the reason", async () => {
    const { status, text } = await probe(of(allowed, "&module=fpm"));
    expect(status).toBe(200);
    expect(text).toContain(`phpfpm_up{pool="",scrape_uri="${allowed}"} 0\n`);
    expect(text).toContain('reason="not_found"} 1\n');
  });

  it.each([
    ["unix:/nowhere/x.sock:/status", 700],
    ["http://127.0.0.1:1/server-status?auto", 900],
  ])("reads %s by the first module of its kind, where none is named", async (target, timeout) => {
    const asked: number[] = [];
    const probeSettings: ProbeSettings = {
      modules: new Map([
        ["fpm", { kind: "phpfpm", timeout: 700, processes: 3 }],
        ["httpd", { kind: "apache", timeout: 900, processes: 3 }],
        ["later", { kind: "phpfpm", timeout: 800, processes: 3 }],
      ]),
      allow: async (_target, module) => {
        asked.push(module.timeout);
        return undefined;
      },
    };
    await probe(of(target), { probe: probeSettings });
    expect(asked).toEqual([timeout]);
  });

  it("has nothing about the exporter itself", async () => {
    expect((await probe(of(allowed))).text).not.toContain("fcgi_probe_");
  });

  it("needs no rule for what is served, and leaves its labels to service discovery", async () => {
    const served = [targetOf("127.0.0.1:1", { labels: { site: "shop" } })];
    const { status, text } = await probe(of("127.0.0.1:1"), { probe: null, served });
    expect(status).toBe(200);
    expect(text).toContain('phpfpm_up{pool="",scrape_uri="127.0.0.1:1"} 0\n');
  });

  it("finds a served httpd without the password that /sd does not show", async () => {
    const served = [targetOf("http://bob:secret@127.0.0.1:1/server-status")];
    const { status, text } = await probe(of("http://127.0.0.1:1/server-status"), { served });
    expect(status).toBe(200);
    expect(text).toMatch(/^apache_up 0$/m);
    expect(text).not.toContain("secret");
  });

  it("answers before the scraper's timeout, even if the target is silent", async () => {
    await using server = await startFakeServer(silent);
    const target = `${server.address}:/status`;
    const headers = { "X-Prometheus-Scrape-Timeout-Seconds": "0.2" };
    const { status, text } = await probe(of(target), { headers, served: [targetOf(target)] });
    expect(status).toBe(200);
    expect(text).toContain('reason="deadline"} 1\n');
  });
});

describe("debug=true of /probe", () => {
  const debugging = { ...rules, debug: true };

  it("is refused unless it is enabled, and that is said only about allowed targets", async () => {
    const refused = await probe(of(allowed, "&debug=true"));
    expect(refused.status).toBe(403);
    expect(refused.text).toMatch(/debug output is not enabled/);
    expect((await probe(of("10.0.0.1:9000", "&debug=true"))).text).toMatch(/may not be probed/);
  });

  it("shows how the target was read, above its metrics", async () => {
    const { status, text } = await probe(of(allowed, "&module=fpm&debug=true"), {
      probe: debugging,
    });
    expect(status).toBe(200);
    expect(text).toContain(`# target: ${allowed}\n`);
    expect(text).toContain("# module: fpm\n");
    expect(text).toContain("# timeout of the target, in ms: 700\n");
    expect(text).toMatch(/^# result: not_found$/m);
    expect(text).toMatch(/^# hint: no socket is at this path/m);
    expect(text).toMatch(/^phpfpm_up\{.* 0$/m);
  });
});
