import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fileSource } from "../../../../src/exporter/config/sources/file-source.js";
import { httpSource } from "../../../../src/exporter/config/sources/http-source.js";
import { joinTargets, seriesLabels } from "../../../../src/exporter/config/sources/join-targets.js";

const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();

function write(name: string, text: string): void {
  writeFileSync(join(folder, `${name}.tmp`), text);
  renameSync(join(folder, `${name}.tmp`), join(folder, name));
}

describe("files of targets", () => {
  it("are found by a glob, and have labels", async () => {
    mkdirSync(join(folder, "a"));
    write("a/one.yaml", "- targets: [h:1, h:2]\n  labels: { site: shop, shard: 3 }\n");
    write("a/two.json", '[{"targets":["h:3"],"labels":{"__meta_x":"y"}}]');
    write("a/three.yaml", "- h:4\n");
    write("a/.hidden.yaml", "- h:5\n");
    const source = fileSource(`${folder}/a/*.{yaml,json}`);
    const { targets, problems } = await source.read(signal);
    expect(problems).toEqual([]);
    expect(targets.map(({ address, labels }) => [address, labels])).toEqual([
      ["h:1", { site: "shop", shard: "3" }],
      ["h:2", { site: "shop", shard: "3" }],
      ["h:4", {}],
      ["h:3", { __meta_x: "y" }],
    ]);
    expect(targets[0]?.source).toBe(`${folder}/a/one.yaml`);
    expect(source.folders()).toEqual([`${folder}/a`]);
  });

  it("keep their targets while they cannot be read, and lose them with the file", async () => {
    mkdirSync(join(folder, "b"));
    write("b/one.yaml", "- h:1\n");
    write("b/two.yaml", "- h:2\n");
    const source = fileSource(`${folder}/b/*.yaml`);
    await source.read(signal);
    write("b/one.yaml", "- targets: [");
    rmSync(join(folder, "b/two.yaml"));
    const { targets, problems } = await source.read(signal);
    expect(targets.map(({ address }) => address)).toEqual(["h:1"]);
    expect(problems).toEqual([expect.stringContaining(`${folder}/b/one.yaml`)]);
    write("b/one.yaml", "- h:3\n");
    expect((await source.read(signal)).targets.map(({ address }) => address)).toEqual(["h:3"]);
  });

  it("may be in folders that appear later", async () => {
    const source = fileSource(`${folder}/later/*/t.yaml`);
    expect(await source.read(signal)).toEqual({ targets: [], problems: [] });
    mkdirSync(join(folder, "later/x"), { recursive: true });
    write("later/x/t.yaml", "- h:1\n");
    expect((await source.read(signal)).targets).toHaveLength(1);
    expect(source.folders()).toEqual([`${folder}/later`, `${folder}/later/x`]);
  });

  it("that are named without wildcards must exist", async () => {
    const { problems } = await fileSource(`${folder}/none.yaml`).read(signal);
    expect(problems).toEqual([expect.stringContaining("none.yaml")]);
  });

  it.each([
    ["[{targets: [a:1], labels: [x]}]", /are not labels/],
    ["[{targets: [a:1], labels: {a-b: x}}]", /is not the name of a label/],
    ["[{targets: [a:1], labels: {a: {}}}]", /the label a is \{\}/],
  ])("with wrong labels are refused: %s", async (text, problem) => {
    write("wrong.yaml", text);
    const { problems } = await fileSource(`${folder}/wrong.yaml`).read(signal);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });
});

describe("http_sd", () => {
  /** Runs `work` with the URL of a server. */
  async function withServer(answer: RequestListener, work: (url: string) => Promise<void>) {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      await work(`http://127.0.0.1:${port}/sd`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const json = { "content-type": "application/json; charset=utf-8" };

  it("is asked as Prometheus asks", async () => {
    let asked: IncomingHttpHeaders = {};
    await withServer(
      ({ headers }, response) => {
        asked = headers;
        response.writeHead(200, json).end('[{"targets":["h:1"],"labels":{"site":"shop"}}]');
      },
      async (url) => {
        const secret = url.replace("//", "//user:p%40ss@");
        const source = httpSource({ url: secret, interval: 30_000, headers: { "x-a": "b" } });
        expect(source.name).toBe(`http ${url}`);
        expect(await source.read(signal)).toEqual({
          targets: [{ address: "h:1", labels: { site: "shop" }, source: url }],
          problems: [],
        });
        expect(asked).toMatchObject({
          "x-prometheus-refresh-interval-seconds": "30",
          accept: "application/json",
          authorization: `Basic ${Buffer.from("user:p@ss").toString("base64")}`,
          "x-a": "b",
        });
      },
    );
  });

  it.each<[string, RegExp, RequestListener]>([
    ["an error", /status 500/, (_, response) => response.writeHead(500).end("[]")],
    [
      "another type",
      /type "text\/html"/,
      (_, response) => {
        response.writeHead(200, { "content-type": "text/html" }).end("[]");
      },
    ],
    ["no JSON", /JSON/, (_, response) => response.writeHead(200, json).end("[")],
    ["no list", /not a list/, (_, response) => response.writeHead(200, json).end("{}")],
    ["no UTF-8", /./, (_, response) => response.writeHead(200, json).end(Buffer.from([0xff]))],
    ["silence", /no answer in time/, () => {}],
    ["a broken connection", /./, (_, response) => response.destroy()],
    [
      "too much",
      /more than 16777216 bytes/,
      (_, response) => {
        response.writeHead(200, json);
        for (let count = 0; count < 20; count++) response.write(Buffer.alloc(1_048_576, 32));
        response.end("[]");
      },
    ],
  ])("keeps the last list after %s", async (_, problem, broken) => {
    let first = true;
    await withServer(
      (request, response) => {
        if (first) response.writeHead(200, json).end('[{"targets":["h:1"]}]');
        else broken(request, response);
        first = false;
      },
      async (url) => {
        const source = httpSource({ url, interval: 1_000 });
        await source.read(signal);
        const { targets, problems } = await source.read(signal);
        expect(targets.map(({ address }) => address)).toEqual(["h:1"]);
        expect(problems).toEqual([expect.stringMatching(problem)]);
      },
    );
  });

  it("follows a redirect to the same server", async () => {
    await withServer(
      ({ url: path }, response) => {
        if (path === "/sd") response.writeHead(308, { location: "/v2/sd" }).end();
        else response.writeHead(200, json).end('[{"targets":["h:1"]}]');
      },
      async (url) => {
        const { targets } = await httpSource({ url, interval: 1_000 }).read(signal);
        expect(targets.map(({ address }) => address)).toEqual(["h:1"]);
      },
    );
  });

  it("takes no token and no request to another server", async () => {
    let asked = 0;
    await withServer(
      (_, response) => {
        asked++;
        response.writeHead(200, json).end("[]");
      },
      async (elsewhere) => {
        await withServer(
          (_, response) => response.writeHead(307, { location: elsewhere }).end(),
          async (url) => {
            const headers = { Authorization: "Bearer x", "X-Token": "y" };
            const { problems } = await httpSource({ url, interval: 1_000, headers }).read(signal);
            const { origin } = new URL(elsewhere);
            expect(problems).toEqual([
              `${url}: it redirects to ${origin}, which is not followed: configure that URL`,
            ]);
          },
        );
      },
    );
    expect(asked).toBe(0);
  });

  it("does not follow redirects for ever", async () => {
    await withServer(
      ({ url: path }, response) => response.writeHead(302, { location: `${path}x` }).end(),
      async (url) => {
        const { problems } = await httpSource({ url, interval: 1_000 }).read(signal);
        expect(problems).toEqual([`${url}: there are more than 5 redirects`]);
      },
    );
  });

  it("may have no targets", async () => {
    await withServer(
      (_, response) => response.writeHead(200, json).end("[]"),
      async (url) => {
        expect(await httpSource({ url, interval: 1_000 }).read(signal)).toEqual({
          targets: [],
          problems: [],
        });
      },
    );
  });
});

describe("targets of several sources", () => {
  const at = (address: string, source: string) => ({ address, source });

  it("are read once each, and a warning names both places", () => {
    const { targets, warnings } = joinTargets([
      [at("h:1", "site.yaml:2")],
      [at("h:2", "t.yaml"), at("h:1", "t.yaml")],
    ]);
    expect(targets).toEqual([at("h:1", "site.yaml:2"), at("h:2", "t.yaml")]);
    expect(warnings).toEqual(["h:1 is in site.yaml:2 and in t.yaml"]);
  });

  it("keep their labels but those of discovery; ours are not replaced", () => {
    expect(seriesLabels({ site: "shop", __meta_x: "y", pool: "a", empty: "" })).toEqual({
      site: "shop",
      exported_pool: "a",
    });
    expect(seriesLabels({ pool: "a", exported_pool: "b" })).toEqual({
      exported_exported_pool: "a",
      exported_pool: "b",
    });
  });
});
