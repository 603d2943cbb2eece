import type { OutgoingHttpHeaders } from "node:http";
import { ErrorCode, GatewayError } from "../../errors.js";

/** Header fields by name, or as pairs, which may repeat a name. */
export type StatusHeaders =
  | Readonly<Record<string, string>>
  | readonly (readonly [name: string, value: string])[];

/** Fields that control the connection, the framing or the host. */
const reserved: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * The header fields of a request for a status page, by name in lower case. A given field replaces
 * the default. Compression is not requested.
 *
 * @throws GatewayError `bad_input` for a field that cannot be sent
 */
export function requestHeaders(given: StatusHeaders): OutgoingHttpHeaders {
  const fields: Record<string, string[]> = Object.create(null);
  for (const [name, value] of isPairs(given) ? given : Object.entries(given)) {
    checkHeader(name, value);
    const key = name.toLowerCase();
    fields[key] = [...(fields[key] ?? []), value];
  }
  return { "user-agent": "fcgi-probe", accept: "*/*", ...fields };
}

function isPairs(
  headers: StatusHeaders,
): headers is readonly (readonly [name: string, value: string])[] {
  return Array.isArray(headers);
}

/**
 * Checks that a header field can be sent.
 *
 * @throws GatewayError `bad_input`
 */
export function checkHeader(name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) {
    throw refused(`${JSON.stringify(name)} is not a name for a header field`, undefined);
  }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    const message = `the value of the header field ${name} has a character that is not allowed`;
    throw refused(message, "remove line ends and other control characters");
  }
  if (!reserved.has(name.toLowerCase())) return;
  const isHost = name.toLowerCase() === "host";
  throw refused(
    `the header field ${name} cannot be set`,
    isHost ? "set it with --host (the option host)" : "it controls the connection",
  );
}

/**
 * Checks a host name or address, with or without a port, such as `www.example.com` or `[::1]:8080`.
 *
 * @throws GatewayError `bad_input`
 */
export function checkHost(host: string): void {
  const isName = /^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.test(host);
  if (isName && URL.canParse(`http://${host}/`)) return;
  const hint = "write it as in --host www.example.com";
  throw refused(`${JSON.stringify(host)} is not a host name`, hint);
}

function refused(message: string, hint: string | undefined): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint });
}
