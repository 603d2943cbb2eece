import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type TlsOptions } from "node:tls";
import { type ClientAuthType, cipherSuites, opensslCurves, secureVersions } from "./go-names.js";
import type { TlsSection } from "./web-config-schema.js";

/** Milliseconds that a TLS handshake may take. */
const HANDSHAKE_TIMEOUT = 10_000;

/** Certificates and keys in PEM format, by the keys of the configuration. */
export type PemKey = "cert" | "key" | "client_ca";
type Pems = ReadonlyMap<PemKey, string>;

/** How a listener speaks TLS. */
export interface TlsSettings {
  readonly options: TlsOptions;
  readonly clientAuth: ClientAuthType;
  /** Names of which a client's certificate must have one. Empty: any name. */
  readonly allowedNames: ReadonlySet<string>;
  /** Identifies these settings: equal ones need no new server. */
  readonly identity: string;
}

/**
 * Makes the settings of a TLS server. Sessions are not resumed, so that a certificate that was
 * replaced, or a client's that is no longer accepted, is so for the next connection.
 *
 * @returns an Error for a certificate or key that cannot be used; undefined where TLS is off
 */
export function tlsSettings(
  section: TlsSection,
  pems: Pems,
  isHttp2: boolean,
): TlsSettings | Error | undefined {
  const [cert, key, ca] = [pems.get("cert"), pems.get("key"), pems.get("client_ca")];
  if (cert === undefined || key === undefined) return undefined;
  const clientAuth = section.client_auth_type ?? "NoClientCert";
  const suites =
    section.cipher_suites.length > 0 ? section.cipher_suites : [...cipherSuites.keys()];
  // TLS 1.3's suites are not configurable in Go: they are always there.
  const fixed = [...cipherSuites.keys()].filter((name) => !name.includes("_WITH_"));
  const minimum = section.min_version ?? "TLS12";
  const ciphers = [...new Set([...fixed, ...suites])].map((name) => cipherSuites.get(name));
  // OpenSSL has no TLS 1.0 and 1.1 at its usual level of security.
  const isOld = minimum === "TLS10" || minimum === "TLS11";
  const options: TlsOptions = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    ciphers: [...ciphers, ...(isOld ? ["@SECLEVEL=0"] : [])].join(":"),
    minVersion: secureVersions[minimum],
    maxVersion: secureVersions[section.max_version ?? "TLS13"],
    honorCipherOrder: section.prefer_server_cipher_suites ?? true,
    ...curves(section),
    requestCert: clientAuth !== "NoClientCert",
    // The type of authentication decides, once the handshake is made.
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    ALPNProtocols: isHttp2 ? ["h2", "http/1.1"] : ["http/1.1"],
  };
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      return new Error("the key is not that of the certificate");
    }
    if (ca !== undefined) new X509Certificate(ca);
    createSecureContext(options);
  } catch (error) {
    return new Error(`the certificates cannot be used: ${(error as Error).message}`);
  }
  const allowed = section.client_allowed_sans;
  return {
    options,
    clientAuth,
    allowedNames: new Set(allowed),
    identity: JSON.stringify([options, clientAuth, allowed]),
  };
}

function curves({ curve_preferences: names }: TlsSection): TlsOptions {
  if (names.length === 0) return {};
  return { ecdhCurve: names.map((name) => opensslCurves[name]).join(":") };
}
