import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import type { FrontEnd } from "../harness/front-ends/front-end.js";
import { startNginxFront } from "../harness/front-ends/nginx.js";
import { freePort } from "../harness/ports.js";
import { makeFolder, type ServerProcess } from "../harness/server-process.js";
import { startExample } from "./run-example.js";

describeWith(["nginx"], "examples/hono-behind-nginx.mjs", () => {
  let example: ServerProcess;
  let nginx: FrontEnd;
  let url: string;

  beforeAll(async () => {
    const socket = `unix:${join(makeFolder(), "app.sock")}`;
    example = await startExample("hono-behind-nginx.mjs", socket);
    nginx = await startNginxFront([
      { name: "fastcgi_pass", backend: socket, port: await freePort() },
    ]);
    url = nginx.urls.get("fastcgi_pass") ?? "";
  });
  afterAll(async () => {
    await nginx?.stop();
    await example?.stop();
  });

  it("routes, reads JSON, and knows the client by nginx's variables", async () => {
    const post = { method: "POST", body: JSON.stringify({ text: "ä second" }) };
    const made = await fetch(`${url}/notes`, post);
    expect([made.status, await made.json()]).toEqual([201, { number: 2 }]);
    const list = await fetch(`${url}/notes`);
    expect(await list.json()).toEqual(["the first note", "ä second"]);
    expect(list.headers.get("server-timing")).toMatch(/^app;dur=\d/);
    const client = await fetch(`${url}/client`);
    expect(await client.json()).toEqual({ protocol: "fcgi", address: "127.0.0.1" });
  });

  it("writes what it throws to nginx's log, and none of it to the client", async () => {
    const failed = await fetch(`${url}/notes`, { method: "POST", body: "no JSON" });
    expect([failed.status, await failed.text()]).toEqual([500, "Internal Server Error"]);
    expect(nginx.log()).toContain("SyntaxError");
  });
});
