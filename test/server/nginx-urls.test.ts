import { expect, it } from "vitest";
import { serve } from "../../src/server/serve.js";
import { describeWith } from "../harness/describe-with.js";
import { startNginx } from "../harness/nginx.js";
import { Peer } from "../harness/peer.js";
import { startMaster } from "../pool/master.js";

/** Sends a request as it is written, and returns the answer's status and body. */
async function ask(url: string, line: string, ...fields: string[]) {
  const peer = new Peer(url).send([line, ...fields, "\r\n"].join("\r\n"));
  const answer = await peer.closed();
  const [head = "", ...body] = answer.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), body: body.join("\r\n\r\n") };
}

/** The variables of Debian's fastcgi_params about the host. */
const debian = `fastcgi_param HTTP_HOST $host; fastcgi_param SERVER_NAME $server_name;
  fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;`;

describeWith(["nginx"], "requests that nginx passes on", () => {
  it.each([
    ["~^www\\d*\\.example\\.com$", ""],
    ["~^www\\d*\\.example\\.com$", debian],
    ["_", ""],
    ["_", debian],
    ["*.example.com", ""],
    ['""', ""],
  ])("have the default host for a client that names none: %s %s", async (name, location) => {
    await using server = await serve((request) => new Response(request.url), {
      listen: "127.0.0.1:0",
    });
    await using nginx = await startNginx(server.address, location, `server_name ${name};`);
    expect(await ask(nginx.url, "GET /a HTTP/1.0")).toEqual({
      status: 200,
      body: "http://localhost/a",
    });
    const named = await ask(nginx.url, "GET /a HTTP/1.0", "Host: www1.example.com");
    expect(named).toEqual({ status: 200, body: "http://www1.example.com/a" });
  });

  it("have the arguments of a rewrite", async () => {
    await using server = await serve((request) => new Response(request.url), {
      listen: "127.0.0.1:0",
    });
    const rewrite = "rewrite ^/item/(\\d+)$ /item?id=$1 last;";
    await using nginx = await startNginx(server.address, "", rewrite);
    const { body } = await ask(nginx.url, "GET /item/7 HTTP/1.0", "Host: h");
    expect(body).toBe("http://h/item/7?id=7");
    const added = await ask(nginx.url, "GET /item/7?own=1 HTTP/1.0", "Host: h");
    expect(added.body).toBe("http://h/item/7?own=1");
  });

  it("reach the status page only in its own spelling", async () => {
    await using master = await startMaster(["--status-path", "/status", "--ping-path", "/ping"]);
    // An access rule that another spelling would evade if it looked at the client's spelling.
    const rule = "if ($request_uri ~ ^/status) { return 403; }";
    await using open = await startNginx(master.address);
    await using guarded = await startNginx(master.address, "", rule);
    const get = (url: string, path: string) => ask(url, `GET ${path} HTTP/1.0`);
    expect((await get(open.url, "/status")).body).toMatch(/^pool: +app\n/);
    expect((await get(open.url, "/ping")).body).toBe("pong");
    expect((await get(guarded.url, "/status")).status).toBe(403);
    for (const path of ["/%73tatus", "/x/../status", "/./status", "//status", "/x%2f../status"]) {
      for (const { url } of [open, guarded]) {
        expect((await get(url, path)).body).toMatch(/^\d+ hello$/);
      }
    }
    expect((await get(open.url, "/%70ing")).body).toMatch(/^\d+ hello$/);
  });
});
