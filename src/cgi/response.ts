import { ErrorCode, GatewayError } from "../errors.js";
import { hopByHop, isToken, reasonPhrases } from "./http.js";
import { isLocalPath, type ResponseHead } from "./response-head.js";

/** Whether a response of this status never has a body (Fetch: null body status). */
export function hasNullBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/**
 * The Fetch Response for a CGI response. Fields about the connection are left out, and so is a
 * Content-Length that is not one number: the protocol frames the body. A local redirect becomes a
 * redirect of the client, with status 302.
 *
 * @param body is not read when {@link hasNullBody}: its owner reads it to the end
 * @throws GatewayError `bad_status` for a status that a Response cannot have: 1xx, 600 and above
 */
export function responseFromHead(
  head: ResponseHead,
  body: Exclude<RequestInit["body"], undefined>,
): Response {
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
   * The form of the status: `Status: 200 OK`, or `HTTP/1.1 200 OK`, which uwsgi front ends expect.
   * Default: `status-field`.
   */
  begin?: "status-field" | "status-line" | undefined;
  /**
   * Bytes of the body, for a response without a Content-Length. With it, a client notices a
   * truncated response, and a front end need not use chunks. Default: no Content-Length is added.
   */
  contentLength?: number | undefined;
}

/**
 * The head of a CGI response as a byte string, its blank line included. The Status field is the
 * first, or the last where there is a Location; a local redirect has none. Each Set-Cookie has a
 * line of its own. Fields about the connection are left out. 204 and 304 have no Content-Length,
 * and 205 has 0.
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
  // HAProxy 2.6 turns any status before a Location into 302.
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
 * The value of a response's Content-Length.
 *
 * @throws GatewayError `bad_input` when it is not a number of bytes
 */
export function parseResponseLength(text: string): number {
  const length = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new GatewayError(
    ErrorCode.BadInput,
    `the response's Content-Length is ${JSON.stringify(text.slice(0, 32))}, not a number of bytes`,
    { hint: "leave it out: it is added where the length is known" },
  );
}

/**
 * The Content-Length to send; undefined for none. 204 and 304 have none: front ends would wait for
 * a body of that length, or take the response for truncated. 205 has 0 (RFC 9110 §15.3.6).
 *
 * @param given the value of the response's own Content-Length
 * @param known bytes of the body, if known
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
      `${what} has a character that a line of a response's head cannot have`,
    );
  }
  return `${text}\r\n`;
}

const localRedirects = new WeakSet<object>();

/**
 * Marks a response of status 302 as CGI's local redirect (RFC 3875 §6.2.2): the front end serves
 * the Location in its place. Where a protocol or a front end has no local redirects, the client is
 * redirected.
 */
export function markLocalRedirect(response: Response): void {
  localRedirects.add(response);
}

/** Whether a response is marked as a local redirect, and its Location is a local path. */
function isLocalRedirect(response: Pick<Response, "status" | "headers">): boolean {
  if (response.status !== 302 || !localRedirects.has(response)) return false;
  return isLocalPath(response.headers.get("location") ?? "");
}
