import { ErrorCode, GatewayError } from "../errors.js";
import type { TargetKind } from "./target.js";

/**
 * Why a target has no values. The set is bounded: it is the label `reason` of a metric. `deadline`
 * says that the answer to a scrape could not wait any longer for the target.
 */
export type FailureReason =
  | ("refused" | "not_found" | "permission" | "backlog_full" | "connect_timeout" | "timeout")
  | ("closed_early" | "access_denied" | "page_not_found" | "busy" | "not_fastcgi")
  | ("not_a_status_page" | "too_large" | "dns" | "tls" | "deadline" | "other");

const reasons: Readonly<Record<ErrorCode, FailureReason>> = {
  [ErrorCode.BadAddress]: "other",
  [ErrorCode.BadInput]: "other",
  [ErrorCode.IncompleteBundle]: "other",
  [ErrorCode.SocketMissing]: "not_found",
  [ErrorCode.PermissionDenied]: "permission",
  [ErrorCode.Refused]: "refused",
  [ErrorCode.BacklogFull]: "backlog_full",
  [ErrorCode.ConnectTimeout]: "connect_timeout",
  [ErrorCode.ConnectFailed]: "other",
  [ErrorCode.Deadline]: "timeout",
  [ErrorCode.Aborted]: "other",
  [ErrorCode.ClosedWithoutAnswer]: "closed_early",
  [ErrorCode.WrongProtocol]: "not_fastcgi",
  [ErrorCode.Overloaded]: "busy",
  [ErrorCode.CannotMultiplex]: "busy",
  [ErrorCode.UnknownRole]: "not_fastcgi",
  [ErrorCode.Malformed]: "not_fastcgi",
  [ErrorCode.Truncated]: "closed_early",
  [ErrorCode.LimitExceeded]: "too_large",
  [ErrorCode.PageNotFound]: "page_not_found",
  [ErrorCode.AccessDenied]: "access_denied",
  [ErrorCode.ServerBusy]: "busy",
  [ErrorCode.BadStatus]: "not_a_status_page",
  [ErrorCode.NotAStatusPage]: "not_a_status_page",
  [ErrorCode.NotAPingReply]: "not_a_status_page",
};

/** The reason that the error of a target of this kind gives. */
export function failureReason({ code, cause }: GatewayError, kind: TargetKind): FailureReason {
  const system = systemCode(cause);
  if (code === ErrorCode.ConnectFailed) return connectReason(system);
  const reason = reasons[code];
  if (reason !== "not_fastcgi" || kind === "phpfpm") return reason;
  // An httpd that does not speak HTTP, or not with TLS.
  const isTls = code === ErrorCode.WrongProtocol && !/^HPE_/.test(system);
  return isTls ? "tls" : "not_a_status_page";
}

function connectReason(system: string): FailureReason {
  if (system === "ENOTFOUND" || system === "EAI_AGAIN") return "dns";
  return /CERT|TLS|SSL|^UNABLE_TO_|^HOSTNAME_MISMATCH|^INVALID_CA|^PATH_LENGTH/.test(system)
    ? "tls"
    : "other";
}

/** The code of the system's error, or of Node's, below an error. */
function systemCode(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

/** What was thrown as an error of this package. Anything else is a fault of the exporter itself. */
export function explainThrown(what: string, thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError(ErrorCode.BadInput, `${what}: ${String(thrown)}`, {
    hint: "this is a fault of the exporter: please report it",
    cause: thrown,
  });
}
