import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { requestLines } from "../../src/cli/reports/tap.js";
import type { TappedRequest } from "../../src/tap/tapped-request.js";
import { styleFor } from "../../src/terminal/style.js";
import { describeWith } from "../harness/describe-with.js";
import { startNginx } from "../harness/nginx.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { startTapping } from "./tapping.js";

const LARGE = 20 * 1024 * 1024;

describeWith(["php-fpm", "nginx"], "a tap between nginx and php-fpm", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const pool = { name: "www", pm: "static", maxChildren: 4 } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...pool, listen: "unix" },
        { ...pool, name: "tcp", listen: "tcp" },
      ],
    });
  });
  afterAll(() => fpm.stop());

  const location = (script: string, keeps: boolean) =>
    `fastcgi_param SCRIPT_FILENAME ${phpScript(script)};
     fastcgi_param REQUEST_METHOD $request_method;
     fastcgi_param REQUEST_URI $request_uri;
     fastcgi_param QUERY_STRING $query_string;
     fastcgi_param CONTENT_LENGTH $content_length;
     fastcgi_param CONTENT_TYPE $content_type;
     fastcgi_keep_conn ${keeps ? "on" : "off"};
     fastcgi_request_buffering off; fastcgi_buffering off;`;
  const backend = (name: string) => {
    const { bareAddress } = fpm.pool(name);
    return bareAddress.startsWith("/") ? `unix:${bareAddress}` : bareAddress;
  };

  it.each([
    ["kept connections, unix to unix", "www", true, undefined],
    ["a connection each, unix to unix", "www", false, undefined],
    ["kept connections, TCP to TCP", "tcp", true, "127.0.0.1:0"],
    ["a connection each, TCP to unix", "www", false, "127.0.0.1:0"],
  ])("shows each request: %s", async (_, name, keeps, at) => {
    await using tapping = await startTapping(backend(name), at === undefined ? {} : { at });
    // A location of its own: that of the harness has a pool of kept connections.
    const { address } = tapping.tap;
    const each = `location /page { fastcgi_pass ${address}; ${location("headers.php", false)} }`;
    await using nginx = keeps
      ? await startNginx(address, location("headers.php", true))
      : await startNginx(address, "", each);
    const statuses = [200, 404, 503];
    for (const status of statuses) {
      const response = await fetch(`${nginx.url}/page?status=${status}`);
      expect(response.status).toBe(status);
      await response.text();
    }
    const requests = await tapping.ended(3);
    expect(requests.map(({ status, uri }) => [status, uri])).toEqual(
      statuses.map((status) => [status, `/page?status=${status}`]),
    );
    expect(new Set(requests.map(({ connection }) => connection)).size).toBe(keeps ? 1 : 3);
    for (const request of requests) {
      expect(request).toMatchObject({
        protocol: "fcgi",
        outcome: "complete",
        method: "GET",
        script: phpScript("headers.php"),
        sent: 0,
        stderr: "",
        appStatus: 0,
      });
      expect(request.received).toBeGreaterThan("headers\n".length);
      expect(request.firstByte).toBeGreaterThan(0);
      expect(request.elapsed).toBeGreaterThanOrEqual(request.firstByte as number);
    }
    expect(tapping.notes).toEqual([]);
  });

  it("passes 20 MiB on in both directions", async () => {
    await using tapping = await startTapping(backend("www"));
    await using echo = await startNginx(tapping.tap.address, location("echo.php", true));
    const body = randomBytes(LARGE);
    const answer = await fetch(echo.url, { method: "POST", body });
    expect(await answer.json()).toMatchObject({
      bodyLength: LARGE,
      bodySha256: createHash("sha256").update(body).digest("hex"),
    });
    await using big = await startNginx(tapping.tap.address, location("big.php", false));
    const page = Buffer.from(await (await fetch(`${big.url}/?bytes=${LARGE}`)).arrayBuffer());
    expect(page.length).toBe(LARGE);
    const alphabet = Buffer.from("abcdefghijklmnopqrstuvwxyz");
    expect(page.equals(Buffer.alloc(LARGE, alphabet))).toBe(true);
    const [posted, got] = await tapping.ended(2);
    expect(posted).toMatchObject({ method: "POST", sent: LARGE, outcome: "complete" });
    expect(got?.received).toBeGreaterThan(LARGE);
  });

  it("shows what a script writes to the error stream, its first 4,096 bytes", async () => {
    await using tapping = await startTapping(backend("www"));
    await using nginx = await startNginx(tapping.tap.address, location("stderr.php", true));
    await (await fetch(`${nginx.url}/?count=2`)).text();
    await (await fetch(`${nginx.url}/?count=20&bytes=900`)).text();
    const [short, long] = await tapping.ended(2);
    expect(short?.stderr).toContain("error 1");
    expect(short?.stderr).toContain("error 2");
    expect(long?.stderr).toMatch(/… and \d+ more bytes$/);
    expect(long?.stderr.length).toBeLessThan(4_200);
  });

  it("shows a request that its client abandons, and lets php-fpm notice it", async () => {
    await using tapping = await startTapping(backend("www"));
    await using nginx = await startNginx(tapping.tap.address, location("sleep.php", false));
    await expect(
      fetch(`${nginx.url}/?ms=600&say=1`, { signal: AbortSignal.timeout(200) }).then((response) =>
        response.text(),
      ),
    ).rejects.toThrow();
    const [request] = await tapping.ended(1);
    expect(request?.outcome).toBe("aborted");
    await (await fetch(`${nginx.url}/?ms=1`)).text();
    expect(await tapping.ended(2)).toHaveLength(2);
    expect(fpm.exitedChildren()).toEqual([]);
  });

  it("names the backend when its worker crashes before it answers", async () => {
    await using tapping = await startTapping(backend("www"));
    await using nginx = await startNginx(tapping.tap.address, location("crash.php", false));
    for (let count = 1; count <= 4; count++) {
      expect((await fetch(nginx.url)).status).toBe(502);
      const request = (await tapping.ended(count)).at(-1);
      expect(request).toMatchObject({ outcome: "truncated", received: 0 });
      const [line] = requestLines(request as TappedRequest, styleFor(false, {}));
      expect(line).toContain("(the backend closed before it answered)");
    }
  });

  it("closes the front end's connection and says why when the backend is down", async () => {
    await using tapping = await startTapping("unix:/nonexistent/www.sock");
    await using nginx = await startNginx(tapping.tap.address, location("echo.php", false));
    expect((await fetch(nginx.url)).status).toBe(502);
    expect(tapping.notes[0]).toBe("connection 1: the backend: there is no such socket");
    expect(tapping.tap.connections).toBe(0);
  });
});
