import { describe, expect, it } from "vitest";
import { connectError } from "../../src/transport/connect-error.js";
import { brokenConnection } from "../../src/transport/connection.js";

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
    expect(connectError(cause, { host: "127.0.0.1", port: 9_000 })).toMatchObject({
      code: expected,
      cause,
    });
  });
});

describe("brokenConnection", () => {
  it("tells a reset from other ends", () => {
    expect(brokenConnection(system("ECONNRESET")).message).toBe("the peer reset the connection");
    expect(brokenConnection(system("EIO")).message).toContain("EIO");
  });
});
