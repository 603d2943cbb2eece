import { utf8 } from "../../bytes.js";
import { ErrorCode, GatewayError } from "../../errors.js";

/** The number of bytes that are examined to recognise a body. */
const LOOK = 8192;

const enable =
  "enable mod_status (LoadModule status_module), and map it: <Location /server-status> SetHandler server-status";
const allow = "let this host read it: Require local, or Require ip, in <Location /server-status>";

/**
 * The error for a body that is not a text status page. It says what the body is, and what to do.
 *
 * @param hasFields whether the body has some fields of a status page
 */
export function notATextPage(page: Uint8Array, hasFields: boolean): GatewayError {
  const start = utf8(page.subarray(0, LOOK));
  if (/^\s*</.test(start)) return notThisHtml(start, "text");
  if (/^BusyServers:/m.test(start)) return otherServers(busyServers(start));
  if (hasFields) {
    return new GatewayError(
      ErrorCode.Truncated,
      `the status page ends after ${page.length} bytes, before its workers`,
      { offset: page.length, hint: "try again; a proxy between here and httpd may cut responses" },
    );
  }
  return new GatewayError(ErrorCode.NotAStatusPage, `not httpd's status page, but ${what(start)}`, {
    hint: `check that the URL is httpd's, with ?auto; ${enable}`,
  });
}

/**
 * The error for a body without a worker table. It says what the body is, and what to do.
 *
 * @param start the beginning of the body
 * @param hasDetails whether it lists workers without a table
 */
export function notAWorkerPage(start: string, hasDetails: boolean): GatewayError {
  if (/^\s*</.test(start)) return notThisHtml(start, hasDetails ? "details" : "html");
  if (/^BusyServers:/m.test(start)) return otherServers(busyServers(start));
  const isText = /^(?:BusyWorkers|Total Accesses|ServerVersion):/m.test(start);
  return new GatewayError(
    ErrorCode.NotAStatusPage,
    isText
      ? "this is the text status page, which does not list workers"
      : `not httpd's status page, but ${what(start)}`,
    {
      hint: isText ? "ask without ?auto" : `check that the URL is httpd's; ${enable}`,
    },
  );
}

/** Says what an HTTP status other than 200 means. */
export function refusedPage(url: string, status: number): GatewayError {
  const message =
    `Failed to retrieve Apache status page from ${url}! ` +
    `Expected to get HTTP response status 200, got ${status} instead.`;
  return new GatewayError(codeOf(status), message, { address: url, hint: hintOf(status) });
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode.AccessDenied;
    case 404:
      return ErrorCode.PageNotFound;
    case 503:
      return ErrorCode.ServerBusy;
    default:
      return ErrorCode.BadStatus;
  }
}

function hintOf(status: number): string | undefined {
  switch (status) {
    case 400:
      return "see httpd's error log; if this port expects TLS, write https://";
    case 401:
      return "the page needs a password: put it into the URL, or allow this host without one";
    case 403:
      return allow;
    case 404:
      return enable;
    default:
      return undefined;
  }
}

function notThisHtml(start: string, wanted: "text" | "html" | "details"): GatewayError {
  const title = titleOf(start);
  const error = /^([45]\d\d)\b/.exec(title);
  if (error !== null) {
    const status = Number(error[1]);
    return new GatewayError(codeOf(status), `the server answered with an error page: ${title}`, {
      hint: hintOf(status),
    });
  }
  if (/<title>\s*Apache Status\s*<\/title>|Apache Server Status for /i.test(start)) {
    return wanted === "text" ? htmlForText() : withoutTable(wanted === "details");
  }
  if (/<h1>Server-Status \(lighttpd\b/i.test(start)) return otherServers("lighttpd");
  if (
    /<input[^>]+type\s*=\s*["']?password/i.test(start) ||
    /\b(?:log ?in|sign ?in)\b/i.test(title)
  ) {
    return new GatewayError(
      ErrorCode.NotAStatusPage,
      `this is a login page${title === "" ? "" : `: ${JSON.stringify(title)}`}`,
      { hint: `an application answers at this URL instead of mod_status; ${allow}` },
    );
  }
  return new GatewayError(
    ErrorCode.NotAStatusPage,
    `this is an HTML page, but not httpd's status${title === "" ? "" : `: ${JSON.stringify(title)}`}`,
    { hint: `check the URL; ${enable}` },
  );
}

/** Which server counts `BusyServers` on its text page. lighttpd has no rates and no CPU load. */
function busyServers(start: string): string {
  const isLighttpd = /^Uptime:/m.test(start) && !/^(?:CPULoad|ReqPerSec):/m.test(start);
  return isLighttpd ? "lighttpd" : "Apache 1.3";
}

/** The error for a similar page of another server, whose scoreboard letters mean something else. */
function otherServers(server: string): GatewayError {
  return new GatewayError(
    ErrorCode.NotAStatusPage,
    `this is the status page of ${server}, not of Apache httpd 2`,
    { hint: "give the URL of an httpd of version 2.2 or later" },
  );
}

function htmlForText(): GatewayError {
  return new GatewayError(
    ErrorCode.NotAStatusPage,
    "this is the status page in HTML, not the text page",
    { hint: "ask with ?auto after the path, /server-status?auto; a proxy may have dropped it" },
  );
}

function withoutTable(hasDetails: boolean): GatewayError {
  const message =
    "Failed to parse Apache status page! No tables found containing all of the required column " +
    "headings and at least one row of data.";
  if (hasDetails) {
    return new GatewayError(
      ErrorCode.NotAStatusPage,
      `${message} It was asked for with ?notable.`,
      {
        hint: "ask without ?notable",
      },
    );
  }
  return new GatewayError(ErrorCode.NotAStatusPage, message, {
    hint: "httpd lists workers only with ExtendedStatus On",
  });
}

function titleOf(html: string): string {
  const title = /<title[^>]*>([^<]{0,200})/i.exec(html)?.[1] ?? "";
  return title.replace(/\s+/g, " ").trim();
}

function what(start: string): string {
  if (start.trim() === "") return "an empty answer";
  if (/^Active connections:/m.test(start)) return "nginx's stub_status";
  if (/^pool:/.test(start)) return "the status page of a PHP-FPM pool";
  if (/^\s*[{[]/.test(start)) return "JSON";
  const line = start.trim().split(/[\r\n]/, 1)[0] ?? "";
  return `text that begins ${JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line)}`;
}
