import { describe, expect, it } from "vitest";
import { brokenConnection, connectError } from "../../src/transport/socket-error.js";

const system = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe("connectError", () => {
  it.each([
    ["ENOENT", "socket_missing"],
    ["EACCES", "permission_denied"],
    ["ECONNREFUSED", "refused"],
    ["EAGAIN", "backlog_full"],
    ["ETIMEDOUT", "connect_timeout"],
    ["ENOTFOUND", "connect_failed"],
    ["EHOSTUNREACH", "connect_failed"],
    ["EMFILE", "connect_failed"],
    ["EWHATEVER", "connect_failed"],
  ])("calls %s %s, and keeps the cause", (code, expected) => {
    const cause = system(code);
    expect(connectError(cause)).toMatchObject({ code: expected, cause });
  });
});

describe("brokenConnection", () => {
  it("tells a reset from other ends", () => {
    expect(brokenConnection(system("ECONNRESET")).message).toBe("the peer reset the connection");
    expect(brokenConnection(system("EIO")).message).toContain("EIO");
  });
});
