import type net from "node:net";
import { plainIPv4 } from "../cgi/variables-from-http.js";

/**
 * The peers that FCGI_WEB_SERVER_ADDRS allows (FastCGI 1.0 §3.2): IPv4 addresses separated by
 * commas. Undefined allows all.
 */
export function allowedPeers(list: string | undefined): ReadonlySet<string> | undefined {
  return list === undefined || list === "" ? undefined : new Set(list.split(","));
}

/**
 * Whether a peer may connect. Unix sockets have permissions instead. Over TCP, a peer without an
 * address has reset the connection before it was accepted: what it sent can still be read, but its
 * address cannot be known. It is refused.
 *
 * @param isTcp whether the connection came over TCP, see {@link listensOnTcp}. Where that is unknown,
 * a peer without an address may connect only if all may
 */
export function isAllowed(
  { remoteAddress }: net.Socket,
  allowed: ReadonlySet<string> | undefined,
  isTcp: boolean | undefined,
): boolean {
  if (remoteAddress === undefined) return isTcp === undefined ? allowed === undefined : !isTcp;
  return allowed?.has(plainIPv4(remoteAddress)) !== false;
}

/** Whether a server's connections come over TCP; undefined for one that does not listen. */
export function listensOnTcp(server: net.Server): boolean | undefined {
  const address = server.address();
  if (!server.listening) return undefined;
  // Node knows no path of a unix socket that was passed as a descriptor.
  return address !== null && typeof address === "object";
}
