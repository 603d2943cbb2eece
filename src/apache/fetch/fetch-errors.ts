import { ErrorCode, GatewayError } from "../../errors.js";

/** How far the request for a page got. */
export interface FetchProgress {
  stage: "connecting" | "securing" | "waiting" | "reading";
  /** Whether it is sent over TLS. */
  isSecure: boolean;
  /** Bytes of the page that came. */
  received: number;
}

export interface FetchFailure {
  readonly progress: Readonly<FetchProgress>;
  /** Milliseconds that the request could take. */
  readonly timeout: number;
  /** What ended the request from outside; `undefined` where nothing did. */
  readonly stopped: "deadline" | "cancelled" | undefined;
}

type Reason = readonly [code: ErrorCode, what: string, hint?: string];

/** Says why no page came, or not all of it. */
export function fetchError(url: string, error: unknown, failure: FetchFailure): GatewayError {
  const [code, what, hint] = stopReason(failure) ?? reasonOf(error as Error, failure.progress);
  return noPage(url, code, what, hint, error);
}

/** The error of a page that was not retrieved. */
export function noPage(
  url: string,
  code: ErrorCode,
  what: string,
  hint?: string,
  cause?: unknown,
): GatewayError {
  const message = `Failed to retrieve Apache status page from ${url}! ${what}`;
  return new GatewayError(code, message, { address: url, hint, cause });
}

function stopReason({ stopped, progress, timeout }: FetchFailure): Reason | undefined {
  if (stopped === undefined) return undefined;
  if (stopped === "cancelled") return [ErrorCode.Aborted, "The request was cancelled."];
  const within = `within ${Math.round(timeout)} ms`;
  switch (progress.stage) {
    case "connecting":
      return [
        ErrorCode.ConnectTimeout,
        `There was no connection ${within}.`,
        "the host did not answer: a firewall, a wrong address, or a full listen queue",
      ];
    case "securing":
      return [ErrorCode.Deadline, `TLS was not negotiated ${within}.`, plainHint];
    case "waiting":
      return [
        ErrorCode.Deadline,
        `There was no answer ${within}.`,
        "every worker of httpd may be busy: the status page waits for a free one as any request does",
      ];
    case "reading":
      return [
        ErrorCode.Deadline,
        `The page was not whole ${within}: ${progress.received} bytes of it came.`,
        "httpd, or the way to it, is slow or stopped in the middle: give it more time, and see httpd's error log",
      ];
  }
}

const plainHint = "does this port speak TLS? write http:// where it does not";
const secureHint = "is this httpd's port? write https:// where it speaks TLS";

function reasonOf(error: Error, progress: Readonly<FetchProgress>): Reason {
  const { stage, received, isSecure } = progress;
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  const what = `${messageOf(error)}.`;
  if (code === "HPE_HEADER_OVERFLOW") {
    return [ErrorCode.LimitExceeded, what, "no httpd's head is that long: check the URL"];
  }
  // Without a code since Node 24.
  if (code.startsWith("HPE_") || error.name === "HTTPParserError") {
    return [ErrorCode.WrongProtocol, what, secureHint];
  }
  if (stage === "reading") {
    return [
      ErrorCode.Truncated,
      `The page ended early, after ${received} bytes: ${what}`,
      "a worker of httpd, or a proxy on the way, ended in the middle: see httpd's error log",
    ];
  }
  switch (code) {
    case "ECONNREFUSED":
      return [ErrorCode.Refused, what, "is httpd running, and is this where it listens?"];
    case "ETIMEDOUT":
      return [ErrorCode.ConnectTimeout, what];
    case "ECONNRESET":
    case "EPIPE":
      if (stage === "securing") return [ErrorCode.WrongProtocol, what, plainHint];
      return [
        ErrorCode.ClosedWithoutAnswer,
        what,
        `see httpd's error log${isSecure ? "" : "; where this port speaks TLS, write https://"}`,
      ];
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return [ErrorCode.ConnectFailed, what, "check the name of the host, and the name server"];
  }
  if (/CERT|^UNABLE_TO_|^ERR_TLS_CERT|^HOSTNAME_MISMATCH|^INVALID_CA|^PATH_LENGTH/.test(code)) {
    return [
      ErrorCode.ConnectFailed,
      what,
      "check the certificate and the name in it (--host), or accept any with --insecure",
    ];
  }
  if (stage === "securing") return [ErrorCode.WrongProtocol, what, plainHint];
  return [ErrorCode.ConnectFailed, what];
}

/** Where a host has several addresses there is an error for each, and no message. */
function messageOf(error: Error): string {
  const all = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const text = all.map(({ message }) => message).join("; ");
  return (text === "" ? String((error as NodeJS.ErrnoException).code ?? error) : text).trim();
}
