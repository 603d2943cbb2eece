import type { Directive } from "./configuration.js";
import {
  engineOf,
  hostSection,
  hostsAt,
  normalAddress,
  type VirtualHost,
} from "./virtual-hosts.js";

/** Where httpd listens, as this machine reaches it. */
export interface HttpdListener {
  /** The protocol that is spoken there. */
  readonly protocol: "http" | "https";
  /** The address for a URL: IPv6 in brackets, loopback where httpd listens on all addresses. */
  readonly address: string;
  readonly port: number;
  /** A URL without a path, and without the port where it is the protocol's default. */
  readonly url: string;
}

/** A listener, with what its URL does not show. */
export interface BoundListener extends HttpdListener {
  /** Whether it takes connections at every address of its family. */
  readonly isAny: boolean;
}

/** Where httpd listens, in the order of the configuration. What cannot be read is a warning. */
export function findListeners(
  directives: readonly Directive[],
  hosts: readonly VirtualHost[],
  warnings: string[],
): BoundListener[] {
  return directives.flatMap((directive) => {
    if (directive.name !== "listen") return [];
    const listener = parseListen(directive.arguments, protocolAt(directives, hosts));
    if (listener !== undefined) return [listener];
    const { file, line } = directive;
    warnings.push(
      `Failed to parse listen directive on line ${line} of ${file}: ${JSON.stringify(directive.arguments.join(" "))}`,
    );
    return [];
  });
}

/** The protocol at an address. `named` is the one that Listen names. */
type ProtocolAt = (address: string, port: number, named: string | undefined) => "http" | "https";

/** SSLEngine decides, of the virtual host at the address or of the server; without it, Listen. */
export function protocolAt(
  directives: readonly Directive[],
  hosts: readonly VirtualHost[],
): ProtocolAt {
  const ofServer = engineOf(directives.filter((each) => hostSection(each) === undefined));
  return (address, port, named) => {
    const [host] = hostsAt(hosts, normalAddress(address), port);
    const engine = host?.engine ?? ofServer;
    if (engine !== undefined) return engine ? "https" : "http";
    if (named === "http" || named === "https") return named;
    return port === 443 ? "https" : "http";
  };
}

const endpoint = /^(?:(\*|\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*)):)?(\d{1,6})$/i;

function parseListen(values: readonly string[], protocolOf: ProtocolAt): BoundListener | undefined {
  const match = endpoint.exec(values[0] ?? "");
  if (match === null) return undefined;
  const port = Number(match[2]);
  if (port < 1 || port > 65_535) return undefined;
  const written = match[1] ?? "*";
  const isAny = /^(?:\*|0\.0\.0\.0|\[[0:.]+\])$/.test(written);
  const address = isAny ? loopback(written) : written;
  const protocol = protocolOf(address, port, values[1]?.toLowerCase());
  return { protocol, address, port, url: originOf(protocol, address, port), isAny };
}

/** An address that this machine can connect to where httpd listens on all. */
function loopback(any: string): string {
  return any.startsWith("[") ? "[::1]" : "127.0.0.1";
}

/** A URL without a path, and without the port where the protocol implies it. */
export function originOf(protocol: "http" | "https", address: string, port: number): string {
  const isImplied = port === (protocol === "https" ? 443 : 80);
  return `${protocol}://${address}${isImplied ? "" : `:${port}`}`;
}
