import { describe, expect, it } from "vitest";
import { errorLines } from "../../src/cli/report-error.js";
import { GatewayError } from "../../src/errors.js";

const plain = {
  bad: (text: string) => text,
  warning: (text: string) => text,
} as unknown as Parameters<typeof errorLines>[1];
const line = (message: string, address?: string) =>
  errorLines(new GatewayError("refused", message, { address }), plain)[0];

describe("the line of an error", () => {
  it.each([
    ["unix:/a is taken", "unix:/a"],
    ["cannot listen on 10.9.9.9:9000: listen EADDRNOTAVAIL", "10.9.9.9:9000"],
    ['"127.0.0.1:0" has the port 0, not 1 to 65535', "127.0.0.1:0"],
    ["No page from http://a/x?auto! It is gone.", "http://a/x?auto"],
    ["nothing is at http://a/x.", "http://a/x"],
    ['"" is no address', ""],
  ])("names the address once: %s", (message, address) => {
    expect(line(message, address)).toBe(`fcgi-probe: ${message}`);
  });

  it.each([
    ["connection refused", "unix:/a"],
    ["unix:/a/b is a folder", "unix:/a"],
    ["the port 90000 is none", "9000"],
    ["see xunix:/a", "unix:/a"],
  ])("names it where the message does not: %s", (message, address) => {
    expect(line(message, address)).toBe(`fcgi-probe: ${address}: ${message}`);
  });

  it("has no address where there is none", () => {
    expect(line("no limit is given")).toBe("fcgi-probe: no limit is given");
  });
});
