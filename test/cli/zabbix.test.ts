import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { makeFolder } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";
import { runHere } from "./cli.js";

const folder = fileURLToPath(new URL("../../packaging/zabbix", import.meta.url));
const bin = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));
const ADDRESS = "{#ADDRESS}";

interface Prototype {
  uuid: string;
  key: string;
  type?: string;
  master_item?: { key: string };
  preprocessing?: { type: string; parameters: string[]; error_handler?: string }[];
  trigger_prototypes?: { uuid: string; expression: string }[];
}

const template = parse(readFileSync(join(folder, "php-fpm.yaml"), "utf8")).zabbix_export
  .templates[0];
const [rule] = template.discovery_rules;
const items: Prototype[] = rule.item_prototypes;
const [master = items[0]] = items.filter(({ type }) => type !== "DEPENDENT");

/** The value at a path such as `$.error.code`. */
function valueAt(json: unknown, path: string): unknown {
  const names = path.replace(/^\$\./, "").split(".");
  return names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    json,
  );
}

describe("the template for Zabbix", () => {
  it("has each key and each UUID once, and UUIDs of version 4", () => {
    const keys = items.map(({ key }) => key);
    expect(keys).toEqual([...new Set(keys)]);
    const triggers = items.flatMap(({ trigger_prototypes = [] }) => trigger_prototypes);
    const uuids = [template, rule, ...items, ...triggers].map(({ uuid }) => uuid);
    expect(uuids).toEqual([...new Set(uuids)]);
    for (const uuid of uuids) expect(uuid).toMatch(/^[\da-f]{12}4[\da-f]{3}[89ab][\da-f]{15}$/);
  });

  it("makes all items from the one that runs the command", () => {
    for (const { key, type, master_item } of items) {
      if (type === "DEPENDENT") expect(master_item?.key).toBe(master?.key);
      expect(key).toContain(`[${ADDRESS}]`);
    }
  });

  it("has triggers on items that it has", () => {
    const keys = items.map(({ key }) => key);
    for (const { key, trigger_prototypes = [] } of items) {
      for (const { expression } of trigger_prototypes) {
        const [, name, used] = /\(\/([^/]+)\/([^,)]+)[,)]/.exec(expression) ?? [];
        expect(name).toBe(template.template);
        expect(keys).toContain(used);
        expect(used).toBe(key);
      }
    }
  });
});

describeWith(["php-fpm", "zabbix-agent"], "zabbix and real pools", () => {
  let fpm: PhpFpm;
  let agent: (key: string) => string;
  let home: string;
  let configuration: string;

  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    home = makeFolder();
    configuration = join(home, "fpm.conf");
    const socket = fpm.pool("www").bareAddress.replace(/^unix:/, "");
    writeFileSync(
      configuration,
      `[www]\nlisten = ${socket}\npm = static\npm.max_children = 2\npm.status_path = /status\n` +
        `[off]\nlisten = ${home}/off.sock\npm = static\npm.max_children = 2\n`,
    );
    // The agent's own file, with the command of this package on the PATH.
    writeFileSync(
      join(home, "fcgi-probe"),
      `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`,
    );
    chmodSync(join(home, "fcgi-probe"), 0o755);
    const own = `Server=127.0.0.1\nTimeout=20\nLogType=console\n`;
    const parameters = readFileSync(join(folder, "fcgi-probe.conf"), "utf8").replace(
      "zabbix-discovery",
      `zabbix-discovery --php-fpm-config ${configuration}`,
    );
    writeFileSync(join(home, "agent.conf"), `${own}${parameters}`);
    agent = (key) => {
      const text = execFileSync(
        requireServer("zabbix-agent"),
        ["-c", join(home, "agent.conf"), "-t", key],
        { encoding: "utf8", env: { ...process.env, PATH: `${home}:${process.env["PATH"]}` } },
      );
      return text.slice(text.indexOf("[t|") + 3, text.lastIndexOf("]"));
    };
  });
  afterAll(async () => {
    await fpm.stop();
    rmSync(home, { recursive: true });
  });

  it("discovery lists the pools that have a status page", async () => {
    const { code, stdout } = await runHere(["zabbix-discovery", "--php-fpm-config", configuration]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      [ADDRESS]: fpm.pool("www").address,
      "{#POOL}": "www",
      "{#PHPVERSION}": expect.any(String),
      "{#SOURCE}": expect.stringContaining("fpm.conf:"),
    });
    expect(stdout).not.toContain("off.sock");
  });

  it("discovery of what cannot be read prints nothing and fails", async () => {
    const missing = join(home, "missing.conf");
    const { code, stdout, stderr } = await runHere([
      "zabbix-discovery",
      "--php-fpm-config",
      missing,
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(missing);
  });

  it("the agent finds the pool, and reads every item of the template from it", () => {
    const rows = JSON.parse(agent(rule.key));
    const row = rows.find((each: Record<string, string>) => each["{#POOL}"] === "www");
    expect(row[ADDRESS]).toBe(fpm.pool("www").address);
    const status = JSON.parse(agent(master!.key.replace(ADDRESS, row[ADDRESS])));
    for (const { key, preprocessing = [] } of items) {
      const path = preprocessing.find(({ type }) => type === "JSONPATH")?.parameters[0];
      if (path === undefined || path.startsWith("$.error.")) continue;
      expect({ key, type: typeof valueAt(status, path) }).toEqual({
        key,
        type: path === "$.ok" ? "boolean" : "number",
      });
    }
  });

  it("the agent gets the reason of a pool that cannot be read", () => {
    const status = JSON.parse(agent(master!.key.replace(ADDRESS, "unix:/nowhere/x.sock:/status")));
    const paths = items.flatMap(({ preprocessing = [] }) =>
      preprocessing.flatMap(({ type, parameters, error_handler }) =>
        type === "JSONPATH" ? [{ path: parameters[0]!, error_handler }] : [],
      ),
    );
    for (const { path, error_handler } of paths) {
      if (valueAt(status, path) === undefined) expect(error_handler).toBe("DISCARD_VALUE");
    }
    expect(valueAt(status, "$.ok")).toBe(false);
    expect(valueAt(status, "$.error.code")).toBe("socket_missing");
  });
});
