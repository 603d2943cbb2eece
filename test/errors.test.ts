import { describe, expect, it } from "vitest";
import { ErrorCode, GatewayError, withAddress } from "../src/errors.js";

describe("a GatewayError", () => {
  it.each(Object.values(ErrorCode))("has a hint for %s", (code) => {
    expect(new GatewayError(code, "x").hint).toMatch(/\w{3}/);
  });

  it("has another hint when one is given", () => {
    expect(new GatewayError(ErrorCode.Refused, "x", { hint: "look there" }).hint).toBe(
      "look there",
    );
  });

  it("has a cause only when one is given", () => {
    expect("cause" in new GatewayError(ErrorCode.Refused, "x")).toBe(false);
    expect(new GatewayError(ErrorCode.Refused, "x", { cause: "y" }).cause).toBe("y");
  });

  it("can be copied with an address and stderr, and keeps those that it has", () => {
    const error = new GatewayError(ErrorCode.Truncated, "x", { offset: 3, stderr: "first" });
    const copy = error.with({ address: "unix:/run/x.sock", stderr: "second" });
    expect(copy).toMatchObject({
      code: "truncated",
      message: "x",
      offset: 3,
      address: "unix:/run/x.sock",
      stderr: "first",
      stack: error.stack,
    });
  });
});

describe("withAddress", () => {
  it("adds the address to a GatewayError", () => {
    const error = new GatewayError(ErrorCode.Refused, "x");
    expect(withAddress(error, "127.0.0.1:9000")).toMatchObject({ address: "127.0.0.1:9000" });
  });

  it("leaves any other error as it is", () => {
    const error = new TypeError("x");
    expect(withAddress(error, "127.0.0.1:9000")).toBe(error);
  });
});
