import { dirname, resolve } from "node:path";
import { ErrorCode, GatewayError } from "../errors.js";
import { readRegularFileSync } from "../transport/regular-file.js";
import { readStrictYaml } from "../yaml/strict-yaml.js";
import { tlsVersions } from "./go-names.js";
import { type PemKey, type TlsSettings, tlsSettings } from "./tls-settings.js";
import { type TlsSection, type WebConfigFile, webConfigSchema } from "./web-config-schema.js";

/** How a listener protects its answers. */
export interface WebConfig {
  /** Undefined: plain HTTP. */
  readonly tls: TlsSettings | undefined;
  /** Headers of every answer. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The bcrypt hashes of users. Empty: no password is asked for. */
  readonly users: ReadonlyMap<string, string>;
  /** Undefined: no limit. */
  readonly rateLimit: RateLimit | undefined;
}

export interface RateLimit {
  /** Milliseconds after which one more request may be made. */
  readonly interval: number;
  /** How many requests may be made at once. */
  readonly burst: number;
}

/** The configuration without a file: plain HTTP for everybody. */
export const openWebConfig: WebConfig = {
  tls: undefined,
  headers: [],
  users: new Map(),
  rateLimit: undefined,
};

/** The files with certificates and keys that a configuration names. */
const fileKeys = [
  ["cert_file", "cert"],
  ["key_file", "key"],
  ["client_ca_file", "client_ca"],
] as const satisfies readonly (readonly [string, PemKey])[];

/** The longest file that is read, in bytes. */
const MAX_BYTES = 1_048_576;

/** What is wrong, and at which keys of the file. */
interface Fault {
  readonly path: readonly string[];
  readonly isKey?: boolean;
  readonly message: string;
}

/**
 * Reads a web configuration file, and the certificates that it names.
 *
 * @param opened is called with each file before it is read
 * @throws GatewayError `bad_input` with all errors, a line each, with line and column
 */
export function readWebConfig(file: string, opened: (path: string) => void = () => {}): WebConfig {
  opened(file);
  const pems = new Map<PemKey, string>();
  let tls: TlsSettings | undefined;
  const check = function* (config: WebConfigFile): Generator<Fault> {
    const section = config.tls_server_config;
    if (section !== undefined) {
      yield* checkTls(section);
      yield* readPems(section, dirname(resolve(file)), pems, opened);
    }
    const isHttp2 = config.http_server_config?.http2 ?? true;
    const made = section === undefined ? undefined : tlsSettings(section, pems, isHttp2);
    if (made instanceof Error) yield { path: ["tls_server_config"], message: made.message };
    else tls = made;
    yield* checkRate(config.rate_limit);
  };
  const hint = "correct the file; an exporter that runs answers every request with 500 until then";
  const { value } = readStrictYaml(readText(file), { name: file, hint }, webConfigSchema, check);
  const { http_server_config: http, basic_auth_users: users, rate_limit: rate } = value;
  const headers = Object.entries(http?.headers ?? {});
  const interval = rate?.interval ?? 0;
  return {
    tls,
    headers: headers.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])),
    users: new Map(Object.entries(users ?? {})),
    rateLimit: interval > 0 ? { interval, burst: rate?.burst ?? 0 } : undefined,
  };
}

function readText(file: string): string {
  try {
    return readRegularFileSync(file, MAX_BYTES);
  } catch (error) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `cannot read the web configuration ${file}: ${(error as Error).message}`,
      { address: file, cause: error, hint: "check the path of --web.config.file, and its owner" },
    );
  }
}

function* checkTls(section: TlsSection): Generator<Fault> {
  const at = (key: string) => ({ path: ["tls_server_config", key], isKey: true });
  const has = (key: PemKey) => Boolean(section[key] ?? section[`${key}_file`]);
  const auth = section.client_auth_type ?? "NoClientCert";
  const isOn = has("cert") || has("key") || has("client_ca") || section.client_auth_type;
  if (!isOn) {
    const given = Object.entries(section).find(([, value]) =>
      Array.isArray(value) ? value.length > 0 : value !== undefined,
    );
    if (given !== undefined) {
      yield { ...at(given[0]), message: "this needs TLS: give cert_file and key_file" };
    }
    return;
  }
  if (!has("cert")) yield { ...at("key_file"), message: "the certificate is missing: cert_file" };
  if (!has("key")) yield { ...at("cert_file"), message: "the key is missing: key_file" };
  if (has("client_ca") && auth === "NoClientCert") {
    const key = section.client_ca_file ? "client_ca_file" : "client_ca";
    yield { ...at(key), message: "an authority of clients needs client_auth_type" };
  }
  const isVerified = auth === "VerifyClientCertIfGiven" || auth === "RequireAndVerifyClientCert";
  if (isVerified && !has("client_ca")) {
    yield { ...at("client_auth_type"), message: `${auth} needs client_ca_file` };
  }
  if (section.client_allowed_sans.length > 0 && !isVerified) {
    const message = "names prove nothing unless client_auth_type verifies the certificate";
    yield { ...at("client_allowed_sans"), message };
  }
  const least = tlsVersions.indexOf(section.min_version ?? "TLS12");
  if (tlsVersions.indexOf(section.max_version ?? "TLS13") < least) {
    yield { ...at("max_version"), message: "max_version is below min_version" };
  }
}

function* readPems(
  section: TlsSection,
  folder: string,
  pems: Map<PemKey, string>,
  opened: (path: string) => void,
): Generator<Fault> {
  for (const [fileKey, key] of fileKeys) {
    const [file, text] = [section[fileKey], section[key]];
    if (!file) {
      if (text) pems.set(key, text);
      continue;
    }
    const path = resolve(folder, file);
    opened(path);
    try {
      pems.set(key, readRegularFileSync(path, MAX_BYTES));
    } catch (error) {
      const message = `cannot read it: ${(error as Error).message}`;
      yield { path: ["tls_server_config", fileKey], message };
    }
  }
}

function* checkRate(rate: WebConfigFile["rate_limit"]): Generator<Fault> {
  const interval = rate?.interval ?? 0;
  if (interval > 0 && !rate?.burst) {
    const message = "with a burst of 0 every request is refused: give a burst of at least 1";
    yield { path: ["rate_limit", "burst"], isKey: true, message };
  }
}
