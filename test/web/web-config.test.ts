import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkWebConfig } from "../../src/web/listener.js";
import { makeCertificates } from "./certificates.js";

const certificates = makeCertificates();
certificates.issue("other", "DNS:other");
const file = join(certificates.folder, "web.yml");
const hash = "$2y$04$vOZp0cPEN39oBYn2ZRmS4ubCz2DLFYE4UYhxbR5tU1yX9kHqt7eFq";
const inline = (name: string) =>
  readFileSync(join(certificates.folder, name), "utf8").replaceAll(/^/gm, "    ");

/** Checks a file. @returns its errors without its name, or "good" */
function check(text: string): string {
  writeFileSync(file, text);
  try {
    checkWebConfig(file);
    return "good";
  } catch (error) {
    return (error as Error).message.replaceAll(`${file}:`, "");
  }
}

const pair = "cert_file: server.crt, key_file: server.key";
const tls = (more: string) => `tls_server_config: { ${pair}, ${more} }`;

describe("a good web configuration", () => {
  it.each([
    ["nothing", ""],
    ["comments only", "# nothing yet\n"],
    ["empty sections", "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n"],
    ["files beside it", `tls_server_config: { ${pair} }`],
    [
      "absolute files",
      `tls_server_config:\n  cert_file: ${certificates.folder}/server.crt\n  key_file: ${certificates.folder}/server.key`,
    ],
    [
      "certificates in it",
      `tls_server_config:\n  cert: |\n${inline("server.crt")}\n  key: |\n${inline("server.key")}`,
    ],
    [
      "a file, preferred to what is in it",
      `tls_server_config: { ${pair}, cert: nonsense, key: nonsense }`,
    ],
    ["no client certificates", tls("client_auth_type: NoClientCert")],
    ["requested ones", tls("client_auth_type: RequestClientCert")],
    ["any required ones", tls("client_auth_type: RequireAnyClientCert")],
    ["their other name", tls("client_auth_type: RequireClientCert")],
    ["verified if given", tls("client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.crt")],
    ["verified", tls("client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt")],
    [
      "an authority in it",
      `tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca: |\n${inline("ca.crt")}`,
    ],
    [
      "names of clients",
      tls(
        "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt, client_allowed_sans: [a.example]",
      ),
    ],
    ["one version", tls("min_version: TLS13, max_version: TLS13")],
    ["old versions", tls("min_version: TLS10, max_version: TLS12")],
    [
      "cipher suites",
      tls(
        "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], prefer_server_cipher_suites: false",
      ),
    ],
    ["curves", tls("curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]")],
    ["HTTP/2 off", `${tls("min_version: TLS12")}\nhttp_server_config: { http2: false }`],
    [
      "five headers",
      "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=1\n    X-Content-Type-Options: nosniff\n    X-Frame-Options: SAMEORIGIN\n    X-XSS-Protection: 1; mode=block\n    Content-Security-Policy: default-src 'self'",
    ],
    ["users", `basic_auth_users: { alice: "${hash}", "bob smith": "${hash}" }`],
    ["a rate limit", "rate_limit: { interval: 1m30s, burst: 3 }"],
    ["no rate limit", "rate_limit: { interval: 0, burst: 0 }"],
  ])("may have %s", (_, text) => {
    expect(check(text)).toBe("good");
  });
});

describe("a wrong web configuration", () => {
  it.each([
    ["an unknown section", "tls_config: {}", /^1:1: unknown key "tls_config"/],
    ["an unknown key of TLS", "tls_server_config:\n  cert_fil: a", /^2:3: unknown key "cert_fil"/],
    ["an unknown key of HTTP", "http_server_config:\n  http3: true", /^2:3: unknown key "http3"/],
    [
      "an unknown header",
      "http_server_config:\n  headers:\n    Server: x",
      /^3:5: unknown key "Server"/,
    ],
    ["an unknown key of the limit", "rate_limit:\n  rate: 1", /^2:3: unknown key "rate"/],
    ["a key twice", "rate_limit: {}\nrate_limit: {}", /^2:1: /],
    ["no mapping", "- a", /^1:1: this must be keys with values/],
    ["broken YAML", "a: [", /^1:\d+: /],
    ["no key", "tls_server_config:\n  cert_file: server.crt", /^2:3: the key is missing/],
    [
      "no certificate",
      "tls_server_config:\n  key_file: server.key",
      /^2:3: the certificate is missing/,
    ],
    [
      "only client authentication",
      "tls_server_config:\n  client_auth_type: RequestClientCert",
      /the certificate is missing[\s\S]*the key is missing/,
    ],
    [
      "settings without a certificate",
      "tls_server_config:\n  min_version: TLS13",
      /^2:3: this needs TLS/,
    ],
    [
      "a file that is not there",
      `tls_server_config:\n  cert_file: no.crt\n  key_file: server.key`,
      /^2:14: cannot read it: ENOENT/,
    ],
    [
      "a file that is no certificate",
      "tls_server_config: { cert_file: web.yml, key_file: server.key }",
      /^1:20: the certificates cannot be used/,
    ],
    [
      "another certificate's key",
      "tls_server_config: { cert_file: server.crt, key_file: other.key }",
      /^1:20: the key is not that of the certificate/,
    ],
    [
      "an authority without a type",
      tls("client_ca_file: ca.crt"),
      /^1:\d+: an authority of clients needs client_auth_type/,
    ],
    [
      "a type without an authority",
      tls("client_auth_type: RequireAndVerifyClientCert"),
      /RequireAndVerifyClientCert needs client_ca_file/,
    ],
    ["an unknown type", tls("client_auth_type: Always"), /this must be NoClientCert or /],
    [
      "names of clients that are not verified",
      tls("client_auth_type: RequireAnyClientCert, client_allowed_sans: [a]"),
      /names prove nothing/,
    ],
    ["an unknown version", tls("min_version: TLS14"), /this must be TLS10 or /],
    [
      "versions in the wrong order",
      tls("min_version: TLS13, max_version: TLS12"),
      /max_version is below min_version/,
    ],
    [
      "a weak cipher suite",
      tls("cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]"),
      /no secure cipher suite/,
    ],
    [
      "OpenSSL's name of a suite",
      tls("cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256]"),
      /no secure cipher suite/,
    ],
    ["an unknown curve", tls("curve_preferences: [P-256]"), /this must be CurveP256 or /],
    [
      "a word for a flag",
      "http_server_config:\n  http2: maybe",
      /^2:10: this must be true or false/,
    ],
    [
      "another value of a header",
      "http_server_config:\n  headers:\n    X-Frame-Options: allow",
      /^3:22: this must be deny or sameorigin/,
    ],
    [
      "two lines in a header",
      'http_server_config:\n  headers:\n    X-XSS-Protection: "a\\r\\nb: c"',
      /^3:23: this is not the value of a header/,
    ],
    [
      "a password for a hash",
      "basic_auth_users:\n  alice: secret",
      /^2:10: this is not a bcrypt hash[^\n]*$/,
    ],
    [
      "a hash of another kind",
      "basic_auth_users:\n  alice: $apr1$x$y",
      /^2:10: this is not a bcrypt hash[^\n]*$/,
    ],
    [
      "a hash that takes seconds",
      `basic_auth_users:\n  alice: "${hash.replace("04", "16")}"`,
      /^2:10: the cost of this hash is above 15/,
    ],
    [
      "a colon in a name",
      `basic_auth_users:\n  "a:b": "${hash}"`,
      /^2:3: a name of a user has no colon/,
    ],
    ["a number for a time", "rate_limit: { interval: 5, burst: 1 }", /^1:25: this must be a time/],
    [
      "a negative burst",
      "rate_limit: { interval: 5s, burst: -1 }",
      /^1:36: this must be a whole number/,
    ],
    ["a limit that refuses all", "rate_limit:\n  interval: 5s", /every request is refused/],
  ])("is refused for %s", (_, text, message) => {
    expect(check(text)).toMatch(message);
  });

  it("is refused when it is not there", () => {
    const missing = join(certificates.folder, "no.yml");
    expect(() => checkWebConfig(missing)).toThrow(`cannot read the web configuration ${missing}`);
  });

  it("has a hint that says what requests get until it is right", () => {
    const file = join(certificates.folder, "wrong.yml");
    writeFileSync(file, "a: 1\n");
    const hint = expect.stringMatching(/answers every request with 500/);
    expect(() => checkWebConfig(file)).toThrow(expect.objectContaining({ hint }));
  });

  it("is reported with all its errors at once", () => {
    expect(check("a: 1\nrate_limit: { b: 1 }\n").split("\n")).toHaveLength(2);
  });
});
