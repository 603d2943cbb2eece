import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, ServerProcess } from "./server-process.js";
import { requireServer } from "./servers.js";

export interface DnsRecords {
  /** The addresses of hosts, A and AAAA: `{ "pools.test": ["127.0.0.1", "::1"] }`. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  /** SRV records: `{ "_fcgi._tcp.pools.test": ["a.test:9000"] }`. */
  readonly services?: Readonly<Record<string, readonly string[]>>;
}

export interface Dnsmasq extends AsyncDisposable {
  /**
   * What starts a program whose names are resolved by this server alone: the program has an
   * /etc/resolv.conf of its own.
   */
  readonly prefix: readonly string[];
  /** Replaces the addresses of hosts. */
  setHosts(hosts: DnsRecords["hosts"]): void;
  /** Makes it silent: it takes queries and answers none. */
  silence(): void;
  resume(): void;
}

/** With an own mount of /etc/resolv.conf: `unshare` leaves the process its id. */
const WITH_RESOLV_CONF = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"';

/**
 * Starts a DNS server for the names in `.test`, on port 53 of an address of this machine that is its
 * own. Needs root, as the mount does.
 */
export async function startDnsmasq({ hosts, services = {} }: DnsRecords): Promise<Dnsmasq> {
  const folder = makeFolder();
  const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(2, 255)}`;
  const file = (name: string) => join(folder, name);
  const writeHosts = (next: DnsRecords["hosts"]) => {
    const lines = Object.entries(next).flatMap(([name, all]) =>
      all.map((each) => `${each} ${name}`),
    );
    writeFileSync(file("hosts"), `${lines.join("\n")}\n`);
  };
  const srv = Object.entries(services).flatMap(([name, targets]) =>
    targets.map((target) => `srv-host=${name},${target.replace(":", ",")}`),
  );
  writeHosts(hosts);
  const fixed = ["no-resolv", "no-hosts", "bind-interfaces", "user=root", "local=/test/"];
  const own = [
    `listen-address=${address}`,
    `addn-hosts=${file("hosts")}`,
    `pid-file=${file("pid")}`,
  ];
  writeFileSync(file("dnsmasq.conf"), `${[...fixed, ...own, ...srv].join("\n")}\n`);
  writeFileSync(file("resolv.conf"), `nameserver ${address}\n`);
  const args = ["--keep-in-foreground", "--log-facility=-", `--conf-file=${file("dnsmasq.conf")}`];
  const server = new ServerProcess(requireServer("dnsmasq"), args, folder);
  await server.ready(() => /: started, version/.test(server.output));
  return {
    prefix: ["unshare", "--mount", "sh", "-c", WITH_RESOLV_CONF, "sh", file("resolv.conf")],
    setHosts(next) {
      writeHosts(next);
      server.signal("SIGHUP");
    },
    silence: () => server.signal("SIGSTOP"),
    resume: () => server.signal("SIGCONT"),
    async [Symbol.asyncDispose]() {
      server.signal("SIGCONT");
      await server.stop();
    },
  };
}
