import { describe, expect, it, vi } from "vitest";
import { createSite, scriptVariables, sitePath } from "../../src/cgi/front-controller.js";

const there = (...scripts: string[]) => vi.fn((script: string) => scripts.includes(script));
const chosen = async (path: string, exists = there("/a.php", "/sub/index.php")) => {
  const { script, pathInfo } = await createSite({}, exists).choose(path);
  return [script, pathInfo];
};

describe("sitePath", () => {
  it.each([
    ["/", "/"],
    ["//a//b/", "/a/b/"],
    ["/a/%2e/b", "/a/b"],
    ["/a%2f.%2f", "/a/"],
    ["/a%252f", "/a%2f"],
    ["/%ff%zz", "/\xff%zz"],
    ["/%C5%BC", "/\xc5\xbc"],
  ])("decodes %s to %j", (pathname, path) => {
    expect(sitePath(pathname)).toBe(path);
  });

  it.each(["/a%00.php", "/a%2f..%2fb", "/..%2fetc/passwd", "/%2e%2e/x"])("refuses %s", (path) => {
    expect(() => sitePath(path)).toThrow(expect.objectContaining({ code: "bad_input" }));
  });
});

describe("a site", () => {
  it.each([
    ["/", ["/index.php", ""]],
    ["/a.php", ["/a.php", ""]],
    ["/a.php/x/y", ["/a.php", "/x/y"]],
    ["/a.php/b.php", ["/a.php", "/b.php"]],
    ["/index.php/x", ["/index.php", "/x"]],
    ["/sub/", ["/sub/index.php", ""]],
    ["/sub", ["/index.php", ""]],
    ["/no.php/x", ["/index.php", ""]],
    ["/a.phpx", ["/index.php", ""]],
    ["/a.PHP", ["/index.php", ""]],
    ["/.php", ["/index.php", ""]],
    ["/\xff.php", ["/index.php", ""]],
  ])("runs for %s %j", async (path, expected) => {
    expect(await chosen(path)).toEqual(expected);
  });

  it.each([
    "/uploads/a.php",
    "/wp-content/UPLOADS/2026/a.php",
    "/uploads/x.jpg/a.php",
    "/vendor/phpunit/eval-stdin.php",
    "/.git/a.php",
    "/.a.php",
    "/uploads./a.php",
    "/uploads /a.php",
    "/a\\b.php",
    "/a:b.php",
    "/a\nb.php",
  ])("leaves %j to the front controller without a look at the disk", async (path) => {
    const exists = vi.fn(() => true);
    expect(await chosen(path, exists)).toEqual(["/index.php", ""]);
    expect(exists).not.toHaveBeenCalled();
  });

  it("runs the scripts of a list, and of its folders", async () => {
    const scripts = ["/wp-login.php", "/wp-admin/"];
    const site = createSite({ scripts }, () => true);
    const named = async (path: string) => (await site.choose(path)).named;
    expect(await named("/wp-login.php")).toBe(true);
    expect(await named("/wp-admin/")).toBe(true);
    expect(await named("/wp-admin/network/x.php")).toBe(true);
    expect(await named("/xmlrpc.php")).toBe(false);
    // php-fpm would run x.jpg.
    expect(await named("/wp-admin/x.jpg/y.php")).toBe(false);
  });

  it("takes folders by name, or by path from the root", async () => {
    const site = createSite({ noScripts: ["/lib", "data/"] }, () => true);
    const named = async (path: string) => (await site.choose(path)).named;
    expect(await named("/lib/x.php")).toBe(false);
    expect(await named("/a/lib/x.php")).toBe(true);
    expect(await named("/a/Data/x.php")).toBe(false);
    expect(await named("/uploads/x.php")).toBe(true);
  });

  it.each(["index.php", "/", "/x/", ""])(
    "refuses %j as its front controller",
    (frontController) => {
      expect(() => createSite({ frontController }, () => true)).toThrow(/frontController/);
    },
  );

  it("makes the variables of nginx", () => {
    const script = { script: "/\xc5\xbc.php", pathInfo: "/\xff", named: true };
    expect(scriptVariables(script, "/srv/ż/", "/blog")).toEqual([
      ["SCRIPT_NAME", "/blog/ż.php"],
      ["SCRIPT_FILENAME", "/srv/ż/ż.php"],
      ["PATH_INFO", Uint8Array.of(0x2f, 0xff)],
      ["DOCUMENT_ROOT", "/srv/ż"],
      ["DOCUMENT_URI", "/blog/ż.php"],
      ["REDIRECT_STATUS", "200"],
    ]);
  });
});
