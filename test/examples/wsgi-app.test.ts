import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import type { FrontEnd } from "../harness/front-ends/front-end.js";
import { startNginxFront } from "../harness/front-ends/nginx.js";
import { freePort } from "../harness/ports.js";
import { makeFolder, type ServerProcess } from "../harness/server-process.js";
import { startExample } from "./run-example.js";

describeWith(["nginx"], "examples/wsgi-app.mjs", () => {
  let example: ServerProcess;
  let nginx: FrontEnd;
  let url: string;

  beforeAll(async () => {
    const socket = `unix:${join(makeFolder(), "app.sock")}`;
    example = await startExample("wsgi-app.mjs", `uwsgi://${socket}`);
    nginx = await startNginxFront([
      { name: "uwsgi_pass", backend: socket, port: await freePort() },
    ]);
    url = `${nginx.urls.get("uwsgi_pass")}/guestbook`;
  });
  afterAll(async () => {
    await nginx?.stop();
    await example?.stop();
  });

  it("reads a form, redirects, and streams the entries", async () => {
    const body = new URLSearchParams({ name: "Ada & Søren" });
    const answer = await fetch(url, { method: "POST", body });
    expect(await answer.text()).toBe("1 in the guest book\n- Ada & Søren\n");
    expect(answer.redirected).toBe(true);
    expect(example.output).toContain("an entry from 127.0.0.1\n");
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
  });
});
