import { ErrorCode, GatewayError } from "../errors.js";
import { hopByHop, isToken, reasonPhrases } from "./http.js";
import { isLocalPath, type ResponseHead } from "./response-head.js";

/** Whether a response of this status has no body, whatever the backend sends (Fetch, null body status). */
export function hasNullBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/**
 * The Fetch Response for a CGI response. Fields about the connection are left out, and so is a
 * Content-Length that is not one number; the protocol frames the body, not they. A local redirect
 * that nobody served becomes an ordinary one, 302.
 *
 * @param body is left alone when {@link hasNullBody}: whoever owns it reads it to its end
 * @throws GatewayError `bad_status` for a status that a Response cannot have: 1xx, 600 and above
 */
export function responseFromHead(head: ResponseHead, body: BodyInit | null): Response {
  const { status } = head;
  if (status < 200 || status > 599) {
    throw new GatewayError(ErrorCode.BadStatus, `the status ${status} is not one of a response`, {
      hint: "a backend answers with a status from 200 to 599",
    });
  }
  const headers = new Headers();
  const lengths = new Set<string>();
  for (const [name, value] of head.headers) {
    const lower = name.toLowerCase();
    if (hopByHop.has(lower)) continue;
    if (lower === "content-length") lengths.add(value);
    else headers.append(name, value);
  }
  const [length = ""] = lengths;
  if (lengths.size === 1 && /^[0-9]+$/.test(length)) headers.set("content-length", length);
  const { statusText } = head;
  return new Response(hasNullBody(status) ? null : body, {
    status,
    statusText: /[^\t\x20-\x7e\x80-\xff]/.test(statusText) ? "" : statusText,
    headers,
  });
}

export interface FormatHeadOptions {
  /**
   * What the head begins with: `Status: 200 OK` (default), or `HTTP/1.1 200 OK`, which uwsgi front
   * ends expect.
   */
  begin?: "status-field" | "status-line" | undefined;
  /**
   * The body's length in bytes, for a response that has a body and no Content-Length of its own.
   * By it a client notices an answer that was cut short, and a front end need not chunk it.
   */
  contentLength?: number | undefined;
}

/**
 * The head of a CGI response as a byte string, its blank line included. A Status field comes first, or behind a
 * Location; a local redirect has none. Each Set-Cookie has a line of its own; fields about the
 * connection are left out. 204 and 304 have no Content-Length, and 205 has 0.
 *
 * @throws GatewayError `bad_input` when the status is not from 200 to 599, Content-Length is not a
 * number of bytes, or a name, a value or the status text would not stay in its line
 */
export function formatResponseHead(
  response: Pick<Response, "status" | "statusText" | "headers">,
  options: FormatHeadOptions = {},
): string {
  const { status, headers } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new GatewayError(ErrorCode.BadInput, `${status} is not the status of a response`);
  }
  const reason = response.statusText || (reasonPhrases.get(status) ?? "Unknown");
  const begin = options.begin === "status-line" ? "HTTP/1.1" : "Status:";
  const first = line("the status text", `${begin} ${status} ${reason}`);
  // HAProxy 2.6 makes 302 of any status that stands before a Location.
  let statusLast = false;
  let given: number | undefined;
  let fields = "";
  for (const [name, value] of headers) {
    if (name === "set-cookie" || name === "status" || hopByHop.has(name)) continue;
    if (name === "content-length") {
      given = parseResponseLength(value);
      continue;
    }
    if (name === "location") statusLast = begin === "Status:";
    fields += field(name, value);
  }
  for (const cookie of headers.getSetCookie()) fields += field("set-cookie", cookie);
  if (statusLast && isLocalRedirect(response)) return `${fields}\r\n`;
  const length = lengthToState(status, given, options.contentLength);
  if (length !== undefined) fields += `content-length: ${length}\r\n`;
  return `${statusLast ? fields + first : first + fields}\r\n`;
}

/**
 * The number that a response's Content-Length says.
 *
 * @throws GatewayError `bad_input` for what is no number of bytes
 */
export function parseResponseLength(text: string): number {
  const length = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new GatewayError(
    ErrorCode.BadInput,
    `the response's Content-Length is ${JSON.stringify(text.slice(0, 32))}, not a number of bytes`,
    { hint: "leave it out: where the length is known it is added" },
  );
}

/**
 * The Content-Length that a response's head states; undefined for none. 204 and 304 have none: front
 * ends wait for a body by it, or call the answer cut short. 205 has 0 (RFC 9110 §15.3.6).
 *
 * @param given what its headers say
 * @param known how long the body is, where that is known
 */
export function lengthToState(
  status: number,
  given: number | undefined,
  known: number | undefined,
): number | undefined {
  if (hasNullBody(status)) return status === 205 ? 0 : undefined;
  return given ?? known;
}

function field(name: string, value: string): string {
  if (!isToken(name)) {
    throw new GatewayError(ErrorCode.BadInput, `${JSON.stringify(name)} is not a header name`);
  }
  return line(`the header ${name}`, `${name}: ${value}`);
}

function line(what: string, text: string): string {
  if (/[\0\r\n]|[^\0-\xff]/.test(text)) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `${what} has a character that cannot stand in a line of a response's head`,
    );
  }
  return `${text}\r\n`;
}

const localRedirects = new WeakSet<object>();

/**
 * Marks a response of status 302 as CGI's local redirect (RFC 3875 §6.2.2): the front end serves the
 * Location in its place. Where a protocol or a front end has no local redirects, the client is
 * redirected.
 */
export function markLocalRedirect(response: Response): void {
  localRedirects.add(response);
}

/** Whether a response was marked as a local redirect, and still has a Location for one. */
function isLocalRedirect(response: Pick<Response, "status" | "headers">): boolean {
  if (response.status !== 302 || !localRedirects.has(response)) return false;
  return isLocalPath(response.headers.get("location") ?? "");
}
