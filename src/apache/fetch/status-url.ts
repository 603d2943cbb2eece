import { ErrorCode, GatewayError } from "../../errors.js";

/** The URL of a status page, taken apart. */
export interface StatusUrl {
  /** Without credentials and fragment. */
  readonly url: URL;
  /** For messages: as it was written where it has no credentials. */
  readonly shown: string;
  /** The Authorization that its credentials stand for (RFC 7617); `undefined` where it has none. */
  readonly authorization: string | undefined;
}

/** @throws GatewayError `bad_address` for anything but an http or https URL */
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

/** A URL, or what was given for one, as it may be shown: without credentials. */
export function shownUrl(text: string): string {
  try {
    return parseStatusUrl(text).shown;
  } catch {
    return withoutCredentials(text);
  }
}

/** Of what is no URL, all up to the last `@` may be a password. */
function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1");
}

/** The URL of the text page that belongs to a status page, however it was given. */
export function textStatusUrl(statusUrl: string): string {
  if (!URL.canParse(statusUrl)) return statusUrl; // What may be a password is not to be cut.
  const bare = statusUrl.replace(/#.*$/, "").replace(/\?auto$/, "");
  if (!bare.includes("?")) return `${bare}?auto`;
  return /[?&]auto(?:$|[&=])/.test(bare) ? bare : `${bare}&auto`;
}

/** The URL of the page for people that belongs to a status page, however it was given. */
export function htmlStatusUrl(statusUrl: string): string {
  if (!URL.canParse(statusUrl)) return statusUrl;
  return statusUrl
    .replace(/#.*$/, "")
    .replace(/([?&])auto(?:=[^&]*)?(?=&|$)/, "$1")
    .replace(/\?&+/, "?")
    .replace(/&&+/, "&")
    .replace(/[?&]+$/, "");
}

/** The bytes of a text with percent escapes. A `%` that begins none stands for itself. */
function unescaped(text: string): Buffer {
  const parts = text.split(/%([0-9a-f]{2})/i);
  // Every other part is the digits of an escape.
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
