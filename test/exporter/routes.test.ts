import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createExporter, type ExporterOptions } from "../../src/exporter/create-exporter.js";

const dead = {
  address: "unix:/nowhere/dead.sock:/status",
  kind: "phpfpm",
  labels: { site: "shop" },
  timeout: 3_000,
  processes: 64,
  source: "the test",
} as const;

function visit(path: string, init: RequestInit = {}, options: Partial<ExporterOptions> = {}) {
  const exporter = createExporter({ targets: [dead], ...options });
  return exporter.fetch(new Request(`http://exporter${path}`, init));
}

describe("the routes of an exporter", () => {
  it.each([
    ["/metrics", 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"],
    ["/sd", 200, "application/json"],
    ["/-/healthy", 200, "text/plain; charset=utf-8"],
    ["/healthz", 200, "text/plain; charset=utf-8"],
    ["/-/ready", 200, "text/plain; charset=utf-8"],
    ["/", 200, "text/html; charset=utf-8"],
    ["/probe", 400, "text/plain; charset=utf-8"],
    ["/elsewhere", 404, "text/plain; charset=utf-8"],
    ["/metrics/", 404, "text/plain; charset=utf-8"],
  ])("answer %s with %d and %s", async (path, status, type) => {
    const response = await visit(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([status, type]);
    expect(await response.text()).not.toBe("");
    const head = await visit(path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type")]).toEqual([status, type]);
    expect(await head.text()).toBe("");
  });

  it("answer POST to /metrics as the peers do", async () => {
    const response = await visit("/metrics", { method: "POST", body: "name[]=x" });
    expect(await response.text()).toContain("phpfpm_up{");
  });

  it.each([
    ["/metrics", "DELETE", "GET, HEAD, POST"],
    ["/sd", "POST", "GET, HEAD"],
    ["/-/healthy", "POST", "GET, HEAD"],
    ["/-/reload", "GET", "POST, PUT"],
    ["/-/reload", "HEAD", "POST, PUT"],
  ])("refuse %s with %s", async (path, method, allowed) => {
    const response = await visit(path, { method }, { lifecycle: true });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allowed]);
  });

  it("are below a prefix, and the root leads there", async () => {
    for (const routePrefix of ["/php", "php", "/php/"]) {
      const options = { routePrefix };
      expect((await visit("/php/metrics", {}, options)).status).toBe(200);
      expect((await visit("/metrics", {}, options)).status).toBe(404);
      expect((await visit("/phpmetrics", {}, options)).status).toBe(404);
      const root = await visit("/", {}, options);
      expect([root.status, root.headers.get("location")]).toEqual([302, "/php/"]);
      expect((await visit("/php/", {}, options)).status).toBe(200);
    }
  });

  it("have the metrics at another path", async () => {
    expect((await visit("/m", {}, { telemetryPath: "/m" })).status).toBe(200);
    expect((await visit("/metrics", {}, { telemetryPath: "/m" })).status).toBe(404);
  });

  it("compress the metrics if the client takes gzip", async () => {
    const values = (text: string) => text.replace(/ [\d.e-]+$/gm, "");
    const plain = await (await visit("/metrics")).text();
    const response = await visit("/metrics", { headers: { "accept-encoding": "gzip, deflate" } });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("vary")).toBe("accept-encoding");
    const body = gunzipSync(Buffer.from(await response.arrayBuffer())).toString();
    expect(values(body)).toBe(values(plain));
    for (const none of ["identity", "gzip;q=0", "gzip; q=0.000", "deflate"]) {
      const other = await visit("/metrics", { headers: { "accept-encoding": none } });
      expect(other.headers.get("content-encoding")).toBeNull();
    }
  });
});

describe("/-/ready", () => {
  it("is 503 until the targets are complete, and when the exporter stops", async () => {
    const exporter = createExporter({ targets: [], ready: false });
    const status = async () => (await exporter.fetch(new Request("http://x/-/ready"))).status;
    expect(await status()).toBe(503);
    exporter.update({ targets: [] });
    expect(await status()).toBe(200);
    exporter.close();
    expect(await status()).toBe(503);
    expect((await exporter.fetch(new Request("http://x/-/healthy"))).status).toBe(200);
  });
});

describe("/-/reload", () => {
  const reload = async () => {
    throw new Error("site.yaml:3:5: no such key");
  };

  it.each([
    ["without a function", { lifecycle: true }],
    ["unless it is enabled", { reload }],
  ])("is 403 %s, with a sentence that says how to enable it", async (_, options) => {
    const response = await visit("/-/reload", { method: "POST" }, options);
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(/not enabled: start with --enable-lifecycle/);
  });

  it.each(["POST", "PUT"])("reloads by %s", async (method) => {
    let reloads = 0;
    const options = {
      lifecycle: true,
      reload: async () => {
        reloads++;
      },
    };
    expect((await visit("/-/reload", { method }, options)).status).toBe(200);
    expect(reloads).toBe(1);
  });

  it("says what is wrong with the new configuration", async () => {
    const response = await visit("/-/reload", { method: "POST" }, { lifecycle: true, reload });
    expect(response.status).toBe(500);
    expect(await response.text()).toMatch(/the old one stays: site.yaml:3:5: no such key/);
  });
});

describe("/sd", () => {
  it("has no list before it is complete, so that Prometheus keeps its last one", async () => {
    const response = await visit("/sd", {}, { ready: false });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await response.text()).toMatch(/^not ready/);
  });

  const groups = async (options: Partial<ExporterOptions>) =>
    (await visit("/sd", {}, options)).json();

  it("lists the targets and their labels as http_sd does", async () => {
    const meta = { __meta_fcgi_probe_kind: "phpfpm" };
    expect(await groups({})).toEqual([
      { targets: [dead.address], labels: { site: "shop", ...meta } },
    ]);
  });

  it("is an empty list without targets", async () => {
    expect(await groups({ targets: [] })).toEqual([]);
  });

  it("lists what is served where that is not what /metrics reads", async () => {
    const served = [{ ...dead, address: "127.0.0.1:9/status" }];
    expect(await groups({ targets: [], served })).toMatchObject([
      { targets: ["127.0.0.1:9/status"] },
    ]);
  });

  it("has no passwords", async () => {
    const address = "http://bob:secret@127.0.0.1/server-status?auto";
    const target = { ...dead, kind: "apache", address } as const;
    expect(await groups({ targets: [], served: [target] })).toEqual([
      {
        targets: ["http://127.0.0.1/server-status?auto"],
        labels: { site: "shop", __meta_fcgi_probe_kind: "apache" },
      },
    ]);
  });
});
