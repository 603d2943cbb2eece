import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createExporter, type Exporter } from "../../src/exporter/create-exporter.js";
import { serve } from "../../src/server/serve.js";
import { describeWith } from "../harness/describe-with.js";
import { startNginx } from "../harness/nginx.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { targetOf } from "./targets.js";

describeWith(["php-fpm", "nginx"], "an exporter is a Fetch handler", () => {
  let fpm: PhpFpm;
  let exporter: Exporter;
  let up: string;

  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    const { address } = fpm.pool("www");
    exporter = createExporter({ targets: [targetOf(address)] });
    up = `phpfpm_up{pool="www",scrape_uri="${address}"} 1\n`;
  });
  afterAll(async () => {
    exporter?.close();
    await fpm?.stop();
  });

  it("in a Hono application, below a path", async () => {
    const app = new Hono();
    app.get("/", (context) => context.text("the application"));
    app.mount("/php", exporter.fetch);
    expect(await (await app.request("/")).text()).toBe("the application");
    const metrics = await app.request("/php/metrics");
    expect(metrics.headers.get("content-type")).toMatch(/^text\/plain; version=0.0.4/);
    expect(await metrics.text()).toContain(up);
    expect((await app.request("/php/-/healthy")).status).toBe(200);
  });

  it("behind node:http", async () => {
    const server = createServer((incoming, outgoing) => {
      const { url = "/", method = "GET", headers } = incoming;
      const fields = Object.entries(headers).map(([name, value]): [string, string] => [
        name,
        `${value}`,
      ]);
      const request = new Request(`http://localhost${url}`, { method, headers: fields });
      void exporter.fetch(request).then(async (response) => {
        outgoing.writeHead(response.status, [...response.headers].flat());
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      expect(response.headers.get("content-encoding")).toBe("gzip");
      expect(await response.text()).toContain(up);
      const bad = { headers: { "X-Prometheus-Scrape-Timeout-Seconds": "soon" } };
      expect((await fetch(`http://127.0.0.1:${port}/metrics`, bad)).status).toBe(400);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("in our FastCGI server behind nginx", async () => {
    await using server = await serve(exporter.fetch, { listen: "127.0.0.1:0" });
    await using nginx = await startNginx(server.address);
    const response = await fetch(`${nginx.url}/metrics`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(up);
    expect((await fetch(`${nginx.url}/-/reload`, { method: "POST" })).status).toBe(403);
    expect(await (await fetch(`${nginx.url}/sd`)).json()).toHaveLength(1);
  });

  it("whose long answers are streamed, compressed in pieces that are one file together", async () => {
    const { address } = fpm.pool("www");
    const targets = Array.from({ length: 600 }, (_, index) =>
      targetOf(`127.0.0.1:1/${index}`, { connectTo: address }),
    );
    const many = createExporter({ targets });
    const request = new Request("http://exporter/metrics", {
      headers: { "accept-encoding": "gzip" },
    });
    const response = await many.fetch(request);
    const body = Buffer.from(await response.arrayBuffer());
    const text = gunzipSync(body).toString();
    expect(text.length).toBeGreaterThan(1_000_000);
    expect(text.match(/^phpfpm_up\{pool="www",.*\} 1$/gm)).toHaveLength(600);
    expect(body.length * 10).toBeLessThan(text.length);
    const plain = await (await many.fetch(new Request("http://exporter/metrics"))).text();
    expect(plain.match(/^phpfpm_up\{pool="www",.*\} 1$/gm)).toHaveLength(600);
  });
});
