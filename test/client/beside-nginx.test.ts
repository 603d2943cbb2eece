import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { toNodeHandler } from "../../src/client/front-end/node-handler.js";
import { describeWith } from "../harness/describe-with.js";
import { type Nginx, nginxParameters, startNginx } from "../harness/nginx.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { makeSite, rawGet, type TestSite } from "./site.js";

/** What WordPress's, Laravel's and Symfony's manuals have, with Debian's snippets/fastcgi-php.conf. */
const usualBlock = (root: string) => `
  root ${root};
  index index.php index.html;
  location ~* /(?:uploads|files)/.*\\.php { deny all; }
  location ~ \\.php(/|$) {
    fastcgi_split_path_info ^(.+?\\.php)(/.*)$;
    try_files $fastcgi_script_name =404;
    set $path_info $fastcgi_path_info;
    ${nginxParameters}
    fastcgi_param PATH_INFO $path_info;
    fastcgi_param DOCUMENT_ROOT $document_root;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_param HTTPS $https if_not_empty;
    fastcgi_pass application;
  }
  location ~ ^/ { try_files $uri $uri/ /index.php$is_args$args; }`;

type Variables = Record<string, string>;

/** The named differences: what two servers on two ports cannot have in common. */
const ownVariables = ["SERVER_SOFTWARE", "SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "REMOTE_PORT"];
/** About the connection: not forwarded (RFC 9110 §7.6.1). */
const connectionVariables = ["HTTP_CONNECTION"];
/** Variables that nginx sends empty and we leave out, as RFC 3875 has it. */
const emptyVariables = ["CONTENT_TYPE", "CONTENT_LENGTH"];

function compared(server: Variables): Variables {
  const all = Object.entries(server).filter(
    ([name, value]) =>
      ![...ownVariables, ...connectionVariables].includes(name) &&
      !(emptyVariables.includes(name) && value === ""),
  );
  return Object.fromEntries(all);
}

describeWith(["php-fpm", "nginx"], "the front controller beside nginx", () => {
  let fpm: PhpFpm;
  let nginx: Nginx;
  let site: TestSite;
  let server: Server;
  let url: string;
  let address: string;
  beforeAll(async () => {
    site = makeSite();
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    const pool = fpm.pool("www");
    address = pool.address;
    nginx = await startNginx(`unix:${pool.bareAddress}`, "", usualBlock(site.root));
    server = createServer(toNodeHandler({ address, root: site.root, static: true }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await nginx.stop();
    await fpm.stop();
    site.remove();
  });

  const serverOf = (text: string) => (JSON.parse(text) as { server: Variables }).server;

  it.each([
    "/",
    "/?a=1&b=%20",
    "/?",
    "/index.php",
    "/index.php?x",
    "/index.php/a/b?c=d",
    "/a/permalink/",
    "/a/permalink?p=1",
    "/a//b",
    "/a/./b/../c",
    "//wp-login.php",
    "/wp-login.php",
    "/wp-login.php/",
    "/wp-login.php/a%20b/%C5%BC",
    "/wp-login.php//x",
    '/wp-login%2ephp?q="x"&y=<z>\'',
    "/wp-login.PHP",
    "/wp-login.phpx",
    "/wp-admin/",
    "/wp-admin/?x=1",
    "/wp-admin/post.php/y.php/z",
    "/wp-admin%2fpost.php",
    "/%C5%BC%20%C3%B3.php/%C5%82",
    "/%C5%BC/a%252f%3Fb",
    "/a+b;c=1,d",
    "/nope.php/../wp-login.php",
  ])("has nginx's $_SERVER for %s", async (path) => {
    const headers = { "X-Test": "a, b", Cookie: "a=1; b=2", Accept: "*/*" };
    const theirs = await rawGet(nginx.url, path, headers);
    const ours = await rawGet(url, path, headers);
    expect([ours.status, theirs.status]).toEqual([200, 200]);
    expect(compared(serverOf(ours.text))).toEqual(compared(serverOf(theirs.text)));
  });

  it.each(["/", "/wp-admin/?x=1", "/wp-login.php/a%20b", "/a/permalink"])(
    "gives gatewayFetch the same script for %s",
    async (path) => {
      const theirs = serverOf((await rawGet(nginx.url, path)).text);
      const response = await gatewayFetch(address, path, { root: site.root });
      const ours = serverOf(await response.text());
      const names = Object.keys(theirs).filter((name) =>
        /SCRIPT|PATH|PHP_SELF|DOCUMENT|URI|QUERY|REDIRECT/.test(name),
      );
      expect(names).toContain("PHP_SELF");
      for (const name of names) expect([name, ours[name]]).toEqual([name, theirs[name]]);
    },
  );

  it.each([
    ["a script that does not exist", "/nope.php", 404],
    ["a script below a folder that is named as one", "/odd.php/index.php", 404],
    ["a script in a folder of uploads", "/wp-content/uploads/evil.php", 403],
    ["a script below an upload", "/wp-content/uploads/x.jpg/y.php", 403],
    ["an empty folder", "/empty/", 403],
    ["a script in a hidden folder", "/.git/hook.php", 200],
    ["a link that leads out of the root", "/link.php", 200],
    ["a link into a folder of uploads", "/pictures/evil.php", 200],
  ])("differs: the front controller answers for %s", async (_, path, theirs) => {
    expect((await rawGet(nginx.url, path)).status).toBe(theirs);
    const ours = await rawGet(url, path);
    expect([ours.status, serverOf(ours.text)["SCRIPT_NAME"]]).toEqual([200, "/index.php"]);
  });

  it.each([
    ["differs: refuses a .. that only decoding shows", "/a%2f..%2fwp-login.php", 200],
    ["refuses a NUL as nginx does", "/wp-login.php%00", 400],
    ["differs: does not serve a hidden file", "/.env", 200],
    ["differs: does not serve a copy of a source", "/secret.php.bak", 200],
    ["differs: does not serve a source by a link", "/source.txt", 200],
    ["differs: does not serve a hidden folder by a link", "/repository/config", 200],
  ])("%s", async (_, path, theirs) => {
    expect((await rawGet(nginx.url, path)).status).toBe(theirs);
    const { status, text } = await rawGet(url, path);
    expect(text).not.toMatch(/SECRET|<\?php/);
    if (/%/.test(path)) expect(status).toBe(400);
    else expect(serverOf(text)["SCRIPT_NAME"]).toBe("/index.php");
  });

  it.each(["/style.css", "/pages/", "/wp-admin", "/pages", "/wp-content/uploads/x.jpg"])(
    "serves %s as nginx does",
    async (path) => {
      const theirs = await rawGet(nginx.url, path);
      const ours = await rawGet(url, path);
      if (theirs.status !== 301) expect(ours.text).toBe(theirs.text);
      const target = (location: unknown) => location && new URL(String(location), url).pathname;
      expect([ours.status, target(ours.headers["location"])]).toEqual([
        theirs.status,
        target(theirs.headers["location"]),
      ]);
    },
  );
});
