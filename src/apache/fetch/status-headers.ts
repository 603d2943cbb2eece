import type { OutgoingHttpHeaders } from "node:http";
import { ErrorCode, GatewayError } from "../../errors.js";

/** Header fields by their names, or in pairs, where a name may come more than once. */
export type StatusHeaders =
  | Readonly<Record<string, string>>
  | readonly (readonly [name: string, value: string])[];

/** What frames the exchange, or says whom it is with. */
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
 * The header fields of a request for a status page, by their names in lower case. Compression is
 * not asked for. A field that is given replaces ours.
 *
 * @throws GatewayError `bad_input` for what cannot be sent in a header
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

/** @throws GatewayError `bad_input` */
export function checkHeader(name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) {
    throw refused(`${JSON.stringify(name)} is no name of a header field`, undefined);
  }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    const message = `the value of the header field ${name} has a character that no header may have`;
    throw refused(message, "leave out line ends and other control characters");
  }
  if (!reserved.has(name.toLowerCase())) return;
  const isHost = name.toLowerCase() === "host";
  throw refused(
    `the header field ${name} cannot be set`,
    isHost ? "name the host with --host (the option host)" : "it belongs to the connection",
  );
}

/**
 * Checks the name of a host, with or without a port, as in `www.example.com` or `[::1]:8080`.
 *
 * @throws GatewayError `bad_input`
 */
export function checkHost(host: string): void {
  const isName = /^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.test(host);
  if (isName && URL.canParse(`http://${host}/`)) return;
  throw refused(`${JSON.stringify(host)} is no name of a host`, "as in --host www.example.com");
}

function refused(message: string, hint: string | undefined): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint });
}
