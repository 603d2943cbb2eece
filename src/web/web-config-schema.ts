import * as v from "valibot";
import { choice, count, flag, list, maybe, section, text } from "../yaml/fields.js";
import { cipherSuites, clientAuthTypes, curveNames, goDuration, tlsVersions } from "./go-names.js";

const pem = v.pipe(
  v.string("this must be text in PEM format"),
  v.maxLength(262_144, "this has more than 262144 characters"),
);

const tlsSection = section({
  /** The certificate, with those between it and its authority. A relative path is beside the file. */
  cert_file: maybe(text),
  key_file: maybe(text),
  /** The same in the file itself. A file is preferred. */
  cert: maybe(pem),
  key: maybe(pem),
  /** Whether clients show a certificate, and whether it is verified. */
  client_auth_type: maybe(choice(clientAuthTypes)),
  /** The authorities of clients' certificates. */
  client_ca_file: maybe(text),
  client_ca: maybe(pem),
  /** Names of which a client's certificate must have one: DNS, e-mail, IP or URI. */
  client_allowed_sans: list(text),
  min_version: maybe(choice(tlsVersions)),
  max_version: maybe(choice(tlsVersions)),
  /** Go's names of cipher suites. Default: all that Go calls secure. */
  cipher_suites: list(
    v.pipe(
      text,
      v.check((name) => cipherSuites.has(name), "this is no secure cipher suite of Go's"),
    ),
  ),
  prefer_server_cipher_suites: maybe(flag),
  curve_preferences: list(choice(curveNames)),
});

const headerValue = v.pipe(
  text,
  v.regex(/^[\t\x20-\x7e]*$/, "this is not the value of a header: write one line of ASCII"),
);

/** One of some words, in any case. */
function word(...words: readonly string[]) {
  const message = `this must be ${words.join(" or ")}`;
  return v.pipe(
    headerValue,
    v.check((value) => words.includes(value.toLowerCase()), message),
  );
}

const httpSection = section({
  /** Whether HTTP/2 is offered where TLS is on. Default: true. */
  http2: maybe(flag),
  /** Headers of every answer. */
  headers: maybe(
    section({
      "Strict-Transport-Security": maybe(headerValue),
      "X-Content-Type-Options": maybe(word("nosniff")),
      "X-Frame-Options": maybe(word("deny", "sameorigin")),
      "X-XSS-Protection": maybe(headerValue),
      "Content-Security-Policy": maybe(headerValue),
    }),
  ),
});

/** A cost of 16 already takes eight seconds a password. */
const bcryptHash = v.pipe(
  v.string("this must be a bcrypt hash in quotes"),
  v.regex(
    /^\$2[aby]\$(?:0[4-9]|[1-3]\d)\$[./A-Za-z0-9]{53}$/,
    "this is not a bcrypt hash: make one with htpasswd -nBC 10 NAME",
  ),
  v.check(
    (hash) => !(Number(hash.slice(4, 6)) > 15),
    "the cost of this hash is above 15, which takes seconds a request: hash the password again",
  ),
);

const rateSection = section({
  /** The time after which one more request may be made, such as `100ms`. 0 is no limit. */
  interval: maybe(
    v.pipe(
      v.union([v.string(), v.literal(0)], "this must be a time such as 100ms, 1s or 1m30s"),
      v.check(
        (value) => goDuration(String(value)) !== undefined,
        "this must be a time such as 100ms, 1s or 1m30s",
      ),
      v.transform((value) => goDuration(String(value)) ?? 0),
    ),
  ),
  /** How many requests may be made at once. */
  burst: maybe(count(0, 1_000_000)),
});

/** The web configuration of Prometheus' exporters: TLS, headers, passwords, a rate limit. */
export const webConfigSchema = section({
  tls_server_config: maybe(tlsSection),
  http_server_config: maybe(httpSection),
  basic_auth_users: maybe(
    v.record(
      v.pipe(text, v.regex(/^[^:\p{Cc}]+$/u, "a name of a user has no colon and no controls")),
      bcryptHash,
      "this must be names of users with bcrypt hashes",
    ),
  ),
  rate_limit: maybe(rateSection),
});

export type WebConfigFile = v.InferOutput<typeof webConfigSchema>;
export type TlsSection = NonNullable<WebConfigFile["tls_server_config"]>;
