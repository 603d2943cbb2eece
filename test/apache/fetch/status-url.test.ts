import { describe, expect, it } from "vitest";
import { htmlStatusUrl, shownUrl, textStatusUrl } from "../../../src/apache/fetch/status-url.js";

describe("the URL of a status page", () => {
  it.each([
    ["http://h/server-status", "http://h/server-status?auto"],
    ["http://h/server-status?auto", "http://h/server-status?auto"],
    ["http://h/server-status?auto=", "http://h/server-status?auto="],
    ["http://h/s?refresh=5", "http://h/s?refresh=5&auto"],
    ["http://h/s#top", "http://h/s?auto"],
  ])("S1.11 asks for the text page of %s at %s", (url, text) => {
    expect(textStatusUrl(url)).toBe(text);
  });

  it.each([
    ["http://h/server-status?auto", "http://h/server-status"],
    ["http://h/server-status", "http://h/server-status"],
    ["http://h/s?auto&refresh=5", "http://h/s?refresh=5"],
    ["http://h/s?a=1&auto&b=2", "http://h/s?a=1&b=2"],
    ["http://h/s?automatic", "http://h/s?automatic"],
  ])("S1.11 asks for the page for people of %s at %s", (url, html) => {
    expect(htmlStatusUrl(url)).toBe(html);
  });

  it.each(["http://u:p#s3cret@h/?auto", "h/s?auto#x", ""])(
    "leaves %j alone, which is none",
    (url) => {
      expect([textStatusUrl(url), htmlStatusUrl(url)]).toEqual([url, url]);
    },
  );

  it.each([
    ["http://u:p@h/s", "http://h/s"],
    ["http://u:p#x@h/s", "http://h/s"],
    ["ftp://u:p@h/s", "ftp://h/s"],
    ["u:p@h/s", "h/s"],
    ["http://h:99999/s", "http://h:99999/s"],
    ["http://h/s#top", "http://h/s"],
    ["", ""],
  ])("shows the URL %s as %s", async (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });
});
