import { describe, expect, it } from "vitest";
import { parseServerStatusHtml } from "../../../src/apache/page/html-page.js";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { GatewayError } from "../../../src/errors.js";
import { engines } from "../../engine/engines.js";
import { fixture as anyFixture } from "../../fixtures.js";
import { fixture, fixtures, pageOf } from "../fixtures.js";

const errorPage = (title: string) =>
  `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${title}</title>\n</head></html>`;

describe.each(engines)("what is not a text status page, on the %s engine", (_, engine) => {
  function refusal(page: Uint8Array | string): GatewayError {
    const bytes = typeof page === "string" ? new TextEncoder().encode(page) : page;
    try {
      parseServerStatus(bytes, engine);
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
    throw new Error("it was taken for a status page");
  }

  it.each(["html.html", "notable.html", "refresh.html"].flatMap(fixtures))(
    "S1.34 asks for ?auto where %s came",
    (name) => {
      const error = refusal(fixture(name));
      expect(error.code).toBe("not_a_status_page");
      expect(error.message).toContain("HTML");
      expect(error.hint).toContain("?auto");
    },
  );

  it.each([
    ["403 Forbidden", "access_denied", "Require"],
    ["401 Unauthorized", "access_denied", "password"],
    ["404 Not Found", "page_not_found", "mod_status"],
    ["500 Internal Server Error", "bad_status", "log"],
    ["503 Service Unavailable", "server_busy", "again"],
  ])("S1.34 tells what the error page %s means", (title, code, hint) => {
    const error = refusal(errorPage(title));
    expect(error.code).toBe(code);
    expect(error.message).toContain(title);
    expect(error.hint).toContain(hint);
  });

  it.each([
    ["a login page", "<html><title>Acme</title><form><input name=p type=password></form>"],
    ["a login page", "<html><head><title>Sign in</title></head></html>"],
    ["not httpd's status", "<html><head><title>Welcome to nginx!</title></head></html>"],
    ["not httpd's status", "<p>It works!"],
    [
      "the status page of Apache 1.3",
      "Total Accesses: 3\nTotal kBytes: 1\nUptime: 9\nReqPerSec: .3\nBytesPerSec: 2\nBytesPerReq: 9\nBusyServers: 1\nIdleServers: 3\nScoreboard: W___\n",
    ],
    ["the status page of Apache 1.3", "BusyServers: 1\nIdleServers: 3\nScoreboard: W___\n"],
    ["an empty answer", ""],
    ["an empty answer", "\r\n\r\n"],
    ["stub_status", "Active connections: 1 \nserver accepts handled requests\n 1 1 1 \n"],
    ["PHP-FPM", "pool:                 www\nprocess manager:      static\n"],
    ["JSON", '{"status": "ok"}'],
    ['begins "hello"', "hello\nworld\n"],
    ['begins "key: value"', "key: value\n"],
  ])("S1.34 says that it is %s", (what, page) => {
    const error = refusal(page);
    expect(error.code).toBe("not_a_status_page");
    expect(error.message).toContain(what);
  });

  it("names lighttpd's pages, as lighttpd 1.4.69 sent them", () => {
    for (const name of ["auto.txt", "html.html"]) {
      const page = anyFixture(`lighttpd-status/${name}`);
      const said = /status page of lighttpd, not of Apache/;
      expect(() => parseServerStatusHtml(page)).toThrow(said);
      expect(refusal(page).message).toMatch(said);
    }
  });

  it("says that a page ended before its workers", () => {
    const whole = fixture("event-idle--auto.txt");
    const error = refusal(whole.subarray(0, 400));
    expect(error).toMatchObject({ code: "truncated", offset: 400 });
    expect(refusal(pageOf("Total Accesses: 1")).code).toBe("truncated");
  });
});
