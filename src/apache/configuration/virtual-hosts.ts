import { isIP } from "node:net";
import { withoutBrackets } from "../../address.js";
import type { ConfigurationSection, Directive } from "./configuration.js";

/** An address and a port, as `<VirtualHost>` and `Listen` name them. `undefined` means any. */
export interface Endpoint {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/** A virtual host of httpd's configuration. */
export interface VirtualHost {
  readonly endpoints: readonly Endpoint[];
  /** Its ServerName, without scheme and port. */
  readonly name: string | undefined;
  /** What its SSLEngine says; `undefined` where it says nothing. */
  readonly engine: boolean | undefined;
  readonly section: ConfigurationSection;
}

/** The virtual hosts that have a directive, in the order of the configuration. */
export function virtualHosts(directives: readonly Directive[]): VirtualHost[] {
  const hosts = new Map<ConfigurationSection, Directive[]>();
  for (const directive of directives) {
    const section = hostSection(directive);
    if (section === undefined) continue;
    const own = hosts.get(section);
    if (own === undefined) hosts.set(section, [directive]);
    else own.push(directive);
  }
  return [...hosts].map(([section, own]) => ({
    endpoints: section.arguments.map(parseEndpoint),
    name: serverName(own),
    engine: engineOf(own),
    section,
  }));
}

/** The `<VirtualHost>` that a directive stands in. */
export function hostSection({ sections }: Directive): ConfigurationSection | undefined {
  return sections.find(({ name }) => name === "virtualhost");
}

/** What the last SSLEngine of these directives says. */
export function engineOf(directives: readonly Directive[]): boolean | undefined {
  const last = directives.findLast(({ name }) => name === "sslengine");
  return last === undefined ? undefined : last.arguments[0]?.toLowerCase() === "on";
}

function serverName(directives: readonly Directive[]): string | undefined {
  const text = directives.findLast(({ name }) => name === "servername")?.arguments[0];
  const name = text?.replace(/^[a-z]+:\/\//i, "").replace(/:\d+$/, "");
  return name === "" || name?.includes("${") ? undefined : name;
}

/** `*:80`, `_default_`, `10.0.0.1`, `[::1]:443`, `name:80`. */
function parseEndpoint(text: string): Endpoint {
  const [, host = "", port] = /^(.*?)(?::(\d{1,5}|\*))?$/s.exec(text) ?? [];
  const isAny = host === "*" || host === "_default_" || host === "";
  return {
    address: isAny ? undefined : normalAddress(host),
    port: port === undefined || port === "*" ? undefined : Number(port),
  };
}

/** One form for all spellings of an address; IPv6 without brackets. */
export function normalAddress(text: string): string {
  const bare = withoutBrackets(text).toLowerCase();
  if (bare === "localhost") return "127.0.0.1";
  return isIP(bare) === 6 ? new URL(`http://[${bare}]/`).hostname.slice(1, -1) : bare;
}

/**
 * The virtual hosts that answer at an address: those of the address itself or, if there are none,
 * those of any address. The first one answers requests with an unknown Host.
 */
export function hostsAt(
  hosts: readonly VirtualHost[],
  address: string,
  port: number,
): VirtualHost[] {
  const having = (wanted: string | undefined) =>
    hosts.filter(({ endpoints }) =>
      endpoints.some(
        (each) => each.address === wanted && (each.port === undefined || each.port === port),
      ),
    );
  const own = having(address);
  return own.length > 0 ? own : having(undefined);
}
