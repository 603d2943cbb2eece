import { ErrorCode, GatewayError } from "../../errors.js";

/** The parts of a status page's URL. */
export interface StatusUrl {
  /** The URL without credentials and fragment. */
  readonly url: URL;
  /** The URL for messages: without credentials, and otherwise as it was written. */
  readonly shown: string;
  /** The Authorization for its credentials (RFC 7617); `undefined` if it has none. */
  readonly authorization: string | undefined;
}

/**
 * Parses the URL of a status page.
 *
 * @throws GatewayError `bad_address` for anything but an http or https URL
 */
export function parseStatusUrl(text: string): StatusUrl {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw notAUrl(text);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw notAUrl(text);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  if (username === "" && password === "") {
    return { url, shown: text.replace(/#.*$/s, ""), authorization: undefined };
  }
  const credentials = Buffer.concat([unescaped(username), Buffer.from(":"), unescaped(password)]);
  return { url, shown: url.href, authorization: `Basic ${credentials.toString("base64")}` };
}

/** A URL, or text that should be one, without credentials. */
export function shownUrl(text: string): string {
  try {
    return parseStatusUrl(text).shown;
  } catch {
    return withoutCredentials(text);
  }
}

/** In text that is not a URL, everything before the last `@` may be a password. */
function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1");
}

/** The URL of the text page, from the URL of either page. */
export function textStatusUrl(statusUrl: string): string {
  // Parts of malformed text may be a password, which must not be cut.
  if (!URL.canParse(statusUrl)) return statusUrl;
  const bare = statusUrl.replace(/#.*$/, "").replace(/\?auto$/, "");
  if (!bare.includes("?")) return `${bare}?auto`;
  return /[?&]auto(?:$|[&=])/.test(bare) ? bare : `${bare}&auto`;
}

/** The URL of the HTML page, from the URL of either page. */
export function htmlStatusUrl(statusUrl: string): string {
  if (!URL.canParse(statusUrl)) return statusUrl;
  return statusUrl
    .replace(/#.*$/, "")
    .replace(/([?&])auto(?:=[^&]*)?(?=&|$)/, "$1")
    .replace(/\?&+/, "?")
    .replace(/&&+/, "&")
    .replace(/[?&]+$/, "");
}

/** Decodes percent escapes. A `%` that does not begin one stands for itself. */
function unescaped(text: string): Buffer {
  const parts = text.split(/%([0-9a-f]{2})/i);
  // Every second part is the two digits of an escape.
  return Buffer.concat(
    parts.map((part, index) => Buffer.from(part, index % 2 === 1 ? "hex" : "utf8")),
  );
}

function notAUrl(text: string): GatewayError {
  const shown = withoutCredentials(text);
  return new GatewayError(ErrorCode.BadAddress, `not a URL of a status page: ${shown}`, {
    address: shown,
    hint: "write it as http://127.0.0.1/server-status; in a password #, / and ? are %23, %2F and %3F",
  });
}
