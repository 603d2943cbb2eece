import { describe, expect, it } from "vitest";
import { ExitCode, exitCodeOf, worse } from "../../src/cli/exit-codes.js";
import { ErrorCode } from "../../src/errors.js";

describe("the exit code of an error", () => {
  const one = [
    "socket_missing",
    "permission_denied",
    "refused",
    "backlog_full",
    "connect_timeout",
    "connect_failed",
  ];

  it.each(Object.values(ErrorCode))("%s", (code) => {
    expect(exitCodeOf(code)).toBe(one.includes(code) ? 1 : 2);
  });

  it("is the worst of several", () => {
    expect(worse(ExitCode.NotConnected, ExitCode.Failed)).toBe(2);
    expect(worse(ExitCode.NotConnected, ExitCode.Fine)).toBe(1);
  });
});
