import type { IncomingMessage } from "node:http";
import { ErrorCode, type GatewayError } from "../../errors.js";
import { noPage } from "./fetch-errors.js";
import { parseStatusUrl, shownUrl } from "./status-url.js";

/** As many redirects as one page may take. */
export const MOST_REDIRECTS = 10;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where an answer redirects to; `undefined` where it does not. */
export function redirectOf({ statusCode, headers }: IncomingMessage): string | undefined {
  return redirectStatuses.has(statusCode ?? 0) ? headers.location : undefined;
}

/** Where a redirect leads. httpd writes the Host that it was asked by; the address stays ours. */
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
  // Credentials that a server writes into its redirect are not used.
  return { url: parseStatusUrl(target.href).url, isElsewhere: true };
}

/** The error of a redirect that is not followed. */
export function leadsElsewhere(shown: string, location: string): GatewayError {
  return noPage(
    shown,
    ErrorCode.BadStatus,
    `It redirects to another server: ${shownUrl(location)}`,
    "if that is the httpd that is meant, give its URL; with --host the name that it is asked by stays",
  );
}

/** The error of redirects that lead on and on. */
export function tooManyRedirects(shown: string): GatewayError {
  return noPage(
    shown,
    ErrorCode.BadStatus,
    `It redirects more than ${MOST_REDIRECTS} times.`,
    "see the rewrite rules of this httpd: they may lead in a circle",
  );
}
