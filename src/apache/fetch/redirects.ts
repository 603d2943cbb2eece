import type { IncomingMessage } from "node:http";
import { ErrorCode, type GatewayError } from "../../errors.js";
import { noPage } from "./fetch-errors.js";
import { parseStatusUrl, shownUrl } from "./status-url.js";

/** The most redirects that are followed for one page. */
export const MOST_REDIRECTS = 10;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The location that a response redirects to; `undefined` if it does not redirect. */
export function redirectOf({ statusCode, headers }: IncomingMessage): string | undefined {
  return redirectStatuses.has(statusCode ?? 0) ? headers.location : undefined;
}

/**
 * The URL that a redirect leads to. A location with the Host of the request is the same server, so
 * the address stays the same.
 */
export function redirectTarget(
  location: string,
  { url, host }: { readonly url: URL; readonly host: string },
  shown: string,
): { readonly url: URL; readonly isElsewhere: boolean } {
  const base = new URL(`${url.protocol}//${host}${url.pathname}${url.search}`);
  const target = URL.canParse(location, base) ? new URL(location, base) : undefined;
  if (target?.protocol !== "http:" && target?.protocol !== "https:") {
    throw leadsElsewhere(shown, location);
  }
  const isNamed = target.protocol === base.protocol && target.hostname === base.hostname;
  const isSame = isNamed && (target.port === base.port || target.port === url.port);
  if (isSame || target.origin === url.origin) {
    return { url: new URL(target.pathname + target.search, url.origin), isElsewhere: false };
  }
  // Credentials in a redirect are not used.
  return { url: parseStatusUrl(target.href).url, isElsewhere: true };
}

/** The error of a redirect that is not followed. */
export function leadsElsewhere(shown: string, location: string): GatewayError {
  return noPage(
    shown,
    ErrorCode.BadStatus,
    `It redirects to another server: ${shownUrl(location)}`,
    "if you mean the httpd there, give its URL; if both are the same, give its name with --host",
  );
}

/** The error of any redirect, where none is followed. */
export function redirectRefused(shown: string, location: string): GatewayError {
  return noPage(
    shown,
    ErrorCode.BadStatus,
    `It redirects to ${shownUrl(location)}, and redirects are not followed here.`,
    "give the URL of the status page itself",
  );
}

/** The error of a page with more than {@link MOST_REDIRECTS} redirects. */
export function tooManyRedirects(shown: string): GatewayError {
  return noPage(
    shown,
    ErrorCode.BadStatus,
    `It redirects more than ${MOST_REDIRECTS} times.`,
    "see the rewrite rules of this httpd: they may form a loop",
  );
}
