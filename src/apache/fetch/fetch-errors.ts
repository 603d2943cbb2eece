import { ErrorCode, GatewayError } from "../../errors.js";

/** How far the request for a page has come. */
export interface FetchProgress {
  stage: "connecting" | "securing" | "waiting" | "reading";
  /** Whether it is sent over TLS. */
  isSecure: boolean;
  /** Bytes of the page that were received. */
  received: number;
}

export interface FetchFailure {
  readonly progress: Readonly<FetchProgress>;
  /** Milliseconds that the request was allowed to take. */
  readonly timeout: number;
  /** What interrupted the request; `undefined` if nothing did. */
  readonly stopped: "deadline" | "cancelled" | undefined;
}

type Reason = readonly [code: ErrorCode, what: string, hint?: string];

/** The error of a request that failed before the page was complete. */
export function fetchError(url: string, error: unknown, failure: FetchFailure): GatewayError {
  const [code, what, hint] = stopReason(failure) ?? reasonOf(error as Error, failure.progress);
  return noPage(url, code, what, hint, error);
}

/** The error of a page that was not retrieved. `what` is a sentence with the reason. */
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
        "all workers of httpd may be busy: the status page waits for a free one, like any request",
      ];
    case "reading":
      return [
        ErrorCode.Deadline,
        `The page was not complete ${within}: ${progress.received} bytes were received.`,
        "httpd or the network is slow, or stopped in the middle: allow more time, and see httpd's error log",
      ];
  }
}

const plainHint = "does this port expect TLS? if not, write http://";
const secureHint = "is this httpd's port? if it expects TLS, write https://";

function reasonOf(error: Error, progress: Readonly<FetchProgress>): Reason {
  const { stage, received, isSecure } = progress;
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  const what = `${messageOf(error)}.`;
  if (code === "HPE_HEADER_OVERFLOW") {
    return [ErrorCode.LimitExceeded, what, "httpd never sends a head that long: check the URL"];
  }
  // Since Node 24 the error has no code.
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
        `see httpd's error log${isSecure ? "" : "; if this port expects TLS, write https://"}`,
      ];
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return [ErrorCode.ConnectFailed, what, "check the host name and the name server"];
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

/** A host with several addresses gives an AggregateError without a message: an error for each. */
function messageOf(error: Error): string {
  const all = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const text = all.map(({ message }) => message).join("; ");
  return (text === "" ? String((error as NodeJS.ErrnoException).code ?? error) : text).trim();
}
