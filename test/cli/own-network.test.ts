import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { seriesValue } from "../exporter/targets.js";
import { describeWith } from "../harness/describe-with.js";
import { startPhpFpm } from "../harness/php-fpm.js";
import { makeFolder } from "../harness/server-process.js";

const bin = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));
const isRoot = process.getuid?.() === 0;

/** Runs a script of the shell in namespaces of its own. */
function inOwn(namespaces: readonly string[], script: string, args: readonly string[]) {
  const own = [...namespaces.map((name) => `--${name}`), "--pid", "--fork", "--mount-proc"];
  const line = ["timeout", "-k", "1", "30", "unshare", ...own, "--kill-child", "sh", "-c", script];
  const [program, ...rest] = [...line, "sh", process.execPath, bin, ...args];
  return spawnSync(program as string, rest, { encoding: "utf8" });
}

describe.runIf(isRoot)("a machine of its own", () => {
  describeWith(["php-fpm"], "that shares the socket of a pool, but not its network", () => {
    it("reads the pool, and has no queue: the kernel's tables are those of its own network", async () => {
      await using fpm = await startPhpFpm({
        pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix", backlog: 5 }],
      });
      const { address } = fpm.pool("www");
      const read = (namespaces: readonly string[]) => {
        const folder = makeFolder();
        const file = join(folder, "pools.prom");
        const flags = [`--textfile=${file}`, `--phpfpm.scrape-uri=${address}`];
        const flag = `--web.listen-address=unix:${folder}/exporter.sock`;
        const wait = `for _ in $(seq 200); do if [ -s ${file} ]; then exit; fi; sleep 0.05; done`;
        const script = `"$@" & ${wait}`;
        inOwn(namespaces, script, ["exporter", flag, ...flags]);
        return readFileSync(file, "utf8");
      };
      const series = (name: string) => `${name}{pool="www",scrape_uri="${address}"}`;
      const inside = read(["net"]);
      expect(seriesValue(inside, series("phpfpm_up"))).toBe(1);
      expect(inside).not.toContain("accept_queue");
      expect(seriesValue(read([]), series("phpfpm_accept_queue"))).toBe(0);
    });
  });

  it("with sockets in the usual folders: discover finds those that no configuration names", () => {
    const listen = "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])";
    const script = `mount -t tmpfs none /run && mkdir /run/php /run/php-fpm || exit 90
      for folder in /etc/php /etc/apache2; do
        if [ -d $folder ]; then mount -t tmpfs none $folder || exit 91; fi
      done
      python3 -c '${listen}' /run/php/one.sock && python3 -c '${listen}' /run/php-fpm/two.sock
      touch /run/php/php-fpm.pid
      exec "$@"`;
    const { stdout, stderr } = inOwn(["mount"], script, ["discover", "--format", "json"]);
    const { targets } = JSON.parse(stdout || `{ "targets": ${JSON.stringify(stderr)} }`);
    expect(targets.map(({ address }: { address: string }) => address)).toEqual([
      "unix:/run/php/one.sock",
      "unix:/run/php-fpm/two.sock",
    ]);
  });
});
