import { describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/errors.js";
import { type FailureReason, failureReason } from "../../src/exporter/failure-reason.js";

/** Every reason that may be a label. */
const reasons: readonly FailureReason[] = [
  ...([
    "refused",
    "not_found",
    "permission",
    "backlog_full",
    "connect_timeout",
    "timeout",
  ] as const),
  ...(["closed_early", "access_denied", "page_not_found", "busy", "not_fastcgi"] as const),
  ...(["not_a_status_page", "too_large", "dns", "tls", "deadline", "other"] as const),
];

const reasonOf = (code: ErrorCode, kind: "phpfpm" | "apache" = "phpfpm", system?: string) =>
  failureReason(
    new GatewayError(code, "no", {
      cause: system === undefined ? undefined : Object.assign(new Error(system), { code: system }),
    }),
    kind,
  );

describe("the reason of a failure", () => {
  it.each(Object.values(ErrorCode))("is one of the bounded set for the code %s", (code) => {
    expect(reasons).toContain(reasonOf(code));
    expect(reasons).toContain(reasonOf(code, "apache"));
  });

  it.each([
    [ErrorCode.Refused, "refused"],
    [ErrorCode.SocketMissing, "not_found"],
    [ErrorCode.PermissionDenied, "permission"],
    [ErrorCode.BacklogFull, "backlog_full"],
    [ErrorCode.ConnectTimeout, "connect_timeout"],
    [ErrorCode.Deadline, "timeout"],
    [ErrorCode.ClosedWithoutAnswer, "closed_early"],
    [ErrorCode.Truncated, "closed_early"],
    [ErrorCode.AccessDenied, "access_denied"],
    [ErrorCode.PageNotFound, "page_not_found"],
    [ErrorCode.ServerBusy, "busy"],
    [ErrorCode.WrongProtocol, "not_fastcgi"],
    [ErrorCode.Malformed, "not_fastcgi"],
    [ErrorCode.NotAStatusPage, "not_a_status_page"],
    [ErrorCode.BadStatus, "not_a_status_page"],
    [ErrorCode.LimitExceeded, "too_large"],
    [ErrorCode.BadInput, "other"],
  ] as const)("of the code %s is %s", (code, reason) => {
    expect(reasonOf(code)).toBe(reason);
  });

  it.each([
    ["ENOTFOUND", "dns"],
    ["EAI_AGAIN", "dns"],
    ["CERT_HAS_EXPIRED", "tls"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls"],
    ["EHOSTUNREACH", "other"],
    ["EMFILE", "other"],
  ])("of a connection that fails with %s is %s", (system, reason) => {
    expect(reasonOf(ErrorCode.ConnectFailed, "apache", system)).toBe(reason);
  });

  it("of an httpd is never not_fastcgi: it lacks TLS, or does not speak HTTP", () => {
    expect(reasonOf(ErrorCode.WrongProtocol, "apache", "ERR_SSL_WRONG_VERSION_NUMBER")).toBe("tls");
    expect(reasonOf(ErrorCode.WrongProtocol, "apache", "HPE_INVALID_CONSTANT")).toBe(
      "not_a_status_page",
    );
    expect(reasonOf(ErrorCode.Malformed, "apache")).toBe("not_a_status_page");
  });
});
