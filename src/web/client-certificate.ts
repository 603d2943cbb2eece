import { isIP, SocketAddress } from "node:net";
import type { TLSSocket } from "node:tls";
import type { TlsSettings } from "./tls-settings.js";

/** Why a client's certificate is not accepted; undefined when it is. */
export function refuseCertificate(
  socket: TLSSocket,
  { clientAuth, allowedNames }: Pick<TlsSettings, "clientAuth" | "allowedNames">,
): string | undefined {
  if (clientAuth === "NoClientCert" || clientAuth === "RequestClientCert") return undefined;
  const certificate = socket.getPeerX509Certificate();
  const isOptional = clientAuth === "VerifyClientCertIfGiven";
  if (certificate === undefined) return isOptional ? undefined : "it shows no certificate";
  const isVerified = isOptional || clientAuth === "RequireAndVerifyClientCert";
  if (!isVerified) return undefined;
  if (!socket.authorized) return `its certificate is not valid: ${socket.authorizationError}`;
  if (allowedNames.size === 0) return undefined;
  const names = alternativeNames(certificate.subjectAltName ?? "");
  return names.some((name) => allowedNames.has(name))
    ? undefined
    : "its certificate has other names";
}

/**
 * Reads Node's text of a certificate's alternative names: `DNS:a.example, IP Address:127.0.0.1`. A
 * name with a comma or a quote in it is a string of JSON there.
 */
function alternativeNames(text: string): string[] {
  const pattern = /(DNS|IP Address|email|URI|[^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;
  const names: string[] = [];
  for (const [, kind = "", value = ""] of text.matchAll(pattern)) {
    const name = value.startsWith('"') ? String(JSON.parse(value)) : value;
    if (kind === "IP Address") names.push(plainAddress(name));
    else if (kind === "DNS" || kind === "email" || kind === "URI") names.push(name);
  }
  return names;
}

/** An IP address as it is usually written: `::1`, not `0:0:0:0:0:0:0:1`. */
function plainAddress(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: "ipv6" }).address : address;
}
