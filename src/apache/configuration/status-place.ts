import type { ConfigurationSection, Directive } from "./configuration.js";
import { type BoundListener, originOf, protocolAt } from "./listeners.js";
import {
  type Endpoint,
  hostSection,
  hostsAt,
  normalAddress,
  type VirtualHost,
} from "./virtual-hosts.js";

export interface StatusPlace {
  readonly statusUrl: string;
  /** The host name to request; `undefined` where any works. */
  readonly statusHost: string | undefined;
}

const STATUS_PATH = "/server-status";

/**
 * Finds where mod_status answers: at the first listener if the whole server has the page, else at
 * the address and with the host name of the first virtual host that has it.
 */
export function findStatusPage(
  directives: readonly Directive[],
  hosts: readonly VirtualHost[],
  listeners: readonly [BoundListener, ...BoundListener[]],
  warnings: string[],
): StatusPlace {
  const places = statusLocations(directives);
  const isEverywhere = places.length === 0 || places.some(({ section }) => section === undefined);
  const path = (places.find(({ section }) => section === undefined) ?? places[0])?.path;
  const [first] = listeners;
  if (!isEverywhere) {
    for (const place of places) {
      const host = hosts.find(({ section }) => section === place.section);
      if (host === undefined) continue;
      const way = wayTo(host, hosts, listeners, protocolAt(directives, hosts));
      if (way !== undefined) return { ...way, statusUrl: way.statusUrl + place.path };
    }
    warnings.push(`no Listen leads to the virtual host that has ${path}`);
  }
  const [host] = hostsAt(hosts, normalAddress(first.address), first.port);
  return {
    statusUrl: first.url + (path ?? STATUS_PATH),
    statusHost: first.protocol === "https" ? host?.name : undefined,
  };
}

interface StatusLocation {
  readonly path: string;
  /** The virtual host that has it; `undefined` for the server. */
  readonly section: ConfigurationSection | undefined;
}

function statusLocations(directives: readonly Directive[]): StatusLocation[] {
  return directives.flatMap((directive) => {
    const { name, arguments: values, sections } = directive;
    const path = sections.findLast((section) => section.name === "location")?.arguments[0];
    const isStatus = name === "sethandler" && values[0]?.toLowerCase() === "server-status";
    if (!isStatus || path === undefined || !path.startsWith("/")) return [];
    return [{ path, section: hostSection(directive) }];
  });
}

/** How a virtual host is reached: at an address that httpd listens on and that is its own. */
function wayTo(
  host: VirtualHost,
  hosts: readonly VirtualHost[],
  listeners: readonly BoundListener[],
  protocolOf: ReturnType<typeof protocolAt>,
): StatusPlace | undefined {
  for (const listener of listeners) {
    for (const endpoint of host.endpoints) {
      const address = addressAt(listener, endpoint);
      if (address === undefined) continue;
      const { port } = listener;
      const there = hostsAt(hosts, normalAddress(address), port);
      if (!there.includes(host)) continue;
      const protocol =
        address === listener.address ? listener.protocol : protocolOf(address, port, undefined);
      const needsName = there[0] !== host || protocol === "https";
      return {
        statusUrl: originOf(protocol, address, port),
        statusHost: needsName ? host.name : undefined,
      };
    }
  }
  return undefined;
}

/** The address at which a listener takes connections for a virtual host, for a URL. */
function addressAt(listener: BoundListener, { address, port }: Endpoint): string | undefined {
  if (port !== undefined && port !== listener.port) return undefined;
  if (address === undefined || address === normalAddress(listener.address)) return listener.address;
  if (!listener.isAny) return undefined;
  return address.includes(":") ? `[${address}]` : address;
}
