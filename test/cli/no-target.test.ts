import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";

const bin = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));
const isRoot = process.getuid?.() === 0;

/**
 * Hides what is installed and what runs here, starts a php-fpm if `$CONFIGURATION` names one, waits
 * for the socket `$WAIT`, and runs the arguments.
 */
const OWN_MACHINE = `
for folder in /etc/php /etc/apache2 /run/php; do
  if [ -d $folder ]; then mount -t tmpfs none $folder || exit 90; fi
done
if [ -n "$CONFIGURATION" ]; then
  rm -f "$WAIT"
  "$PHP_FPM" -R -n -F -y "$CONFIGURATION" >/dev/null 2>&1 &
  for _ in $(seq 200); do if [ -S "$WAIT" ]; then break; fi; sleep 0.05; done
  if [ -n "$THEN" ]; then mv "$THEN" "$CONFIGURATION"; fi
fi
exec "$@"
`;

describe.runIf(isRoot)("a command without TARGET, on a machine of its own", () => {
  let folder: string;
  let environment: Record<string, string>;
  beforeAll(() => {
    folder = makeFolder();
    const pool = (name: string, more: string) =>
      `[${name}]\nuser = root\ngroup = root\nlisten = ${folder}/${name}.sock\npm = static\npm.max_children = 1\n${more}`;
    const pages = "pm.status_path = /status-page\nping.path = /ping-page\n";
    const all = [
      `[global]\nerror_log = ${folder}/error.log\n`,
      pool("www", pages),
      pool("off", ""),
      pool("shop", pages),
    ].join("");
    writeFileSync(join(folder, "php-fpm.conf"), all);
    environment = {
      PHP_FPM: requireServer("php-fpm"),
      CONFIGURATION: join(folder, "php-fpm.conf"),
      WAIT: join(folder, "shop.sock"),
    };
    mkdirSync(join(folder, "new"));
    writeFileSync(join(folder, "new", "php-fpm.conf"), all + pool("new", pages));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(args: readonly string[], env: Record<string, string> = environment) {
    const own = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];
    const command = ["sh", "-c", OWN_MACHINE, "sh", process.execPath, bin, ...args];
    const { status, stdout, stderr } = spawnSync("unshare", [...own, ...command], {
      encoding: "utf8",
      // As a service has it: standard input is /dev/null.
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "", ...env },
    });
    return { code: status, stdout, stderr };
  }

  it("status shows all pools, and says which line the others lack", () => {
    const { code, stdout, stderr } = run(["status"]);
    expect(stdout).toMatch(/^www +static /m);
    expect(stdout).toMatch(/^shop +static /m);
    expect(stderr).toContain('add the line "pm.status_path = /status" below [off]');
    expect(code).toBe(0);
  });

  it("ping asks all pools that answer it", () => {
    const { code, stdout, stderr } = run(["ping"]);
    expect(stdout.match(/: pong \(/g)).toHaveLength(2);
    expect(stderr).toContain('add the line "ping.path = /ping" below [off]');
    expect(code).toBe(0);
  });

  it("scrape reads them all", () => {
    const { code, stdout } = run(["scrape", "--format", "ndjson"]);
    const pools = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(pools.map(({ ok, pool }) => [ok, pool]).sort()).toEqual([
      [true, "shop"],
      [true, "www"],
    ]);
    expect(code).toBe(0);
  });

  it.each(["status", "ping", "scrape"])(
    "%s reports a pool that does not run, and exits 1",
    (name) => {
      const file = join(folder, "new", "php-fpm.conf");
      const then = join(folder, `${name}.conf`);
      spawnSync("cp", [file, then]);
      spawnSync("cp", [join(folder, "php-fpm.conf"), join(folder, "running.conf")]);
      const running = { CONFIGURATION: join(folder, "running.conf"), THEN: then };
      const { code, stdout, stderr } = run([name], { ...environment, ...running });
      expect(stdout + stderr).toContain(`${folder}/new.sock`);
      expect(code).toBe(1);
    },
  );

  it.each(["status", "ping", "scrape"])("%s exits 2 where there is no pool", (name) => {
    const { code, stdout, stderr } = run([name], {});
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("no TARGET is given, and no pool of php-fpm was found");
    expect(stderr).toContain("hint: give an address");
  });

  it("discover exits 0 where it finds something", () => {
    const { code, stdout } = run(["discover"]);
    expect(stdout).toMatch(/^ready +phpfpm +www/m);
    expect(stdout).toMatch(/^status off +phpfpm +off/m);
    expect(code).toBe(0);
  });

  it("discover exits 1 where it finds nothing, and 2 for bad input", () => {
    expect(run(["discover"], {}).code).toBe(1);
    expect(run(["discover", "--format", "json"], {})).toMatchObject({ code: 1 });
    const wrong = run(["discover", "--format", "xml"], {});
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain("xml");
    expect(run(["discover", "pools"], {}).code).toBe(2);
  });
});
