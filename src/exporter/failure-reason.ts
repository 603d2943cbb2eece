import { ErrorCode, type GatewayError } from "../errors.js";

/**
 * Why a target has no values. The set is bounded: it is the label `reason` of a metric. `deadline`
 * says that the answer to a scrape could not wait any longer for the target.
 */
export type FailureReason =
  | "refused"
  | "not_found"
  | "permission"
  | "backlog_full"
  | "connect_timeout"
  | "timeout"
  | "closed_early"
  | "access_denied"
  | "page_not_found"
  | "busy"
  | "not_fastcgi"
  | "not_a_status_page"
  | "too_large"
  | "dns"
  | "tls"
  | "deadline"
  | "other";

const reasons: Readonly<Record<ErrorCode, FailureReason>> = {
  [ErrorCode.BadAddress]: "other",
  [ErrorCode.BadInput]: "other",
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
  [ErrorCode.CannotMultiplex]: "other",
  [ErrorCode.UnknownRole]: "not_fastcgi",
  [ErrorCode.Malformed]: "not_fastcgi",
  [ErrorCode.Truncated]: "closed_early",
  [ErrorCode.LimitExceeded]: "too_large",
  [ErrorCode.PageNotFound]: "page_not_found",
  [ErrorCode.AccessDenied]: "access_denied",
  [ErrorCode.ServerBusy]: "busy",
  [ErrorCode.BadStatus]: "other",
  [ErrorCode.NotAStatusPage]: "not_a_status_page",
  [ErrorCode.NotAPingReply]: "not_a_status_page",
};

/** The reason that an error gives. */
export function failureReason(error: GatewayError): FailureReason {
  return reasons[error.code];
}
