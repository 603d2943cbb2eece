import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { toFetchHandler } from "../../src/client/front-end/fetch-handler.js";
import { createExporter } from "../../src/exporter/create-exporter.js";
import { serve } from "../../src/server/serve.js";
import { serveCgi } from "../../src/server/serve-cgi.js";
import { makeFolder } from "../harness/server-process.js";

const fail = (): never => {
  throw new Error("the log is full");
};

describe("a listener that fails itself", () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ["throws", fail],
    ["rejects", async () => fail()],
  ])("because it %s is shown, and the server serves on", async (_, onError) => {
    const shown = vi.spyOn(console, "error").mockImplementation(() => {});
    const handler = async ({ url }: Request) => {
      if (url.endsWith("/good")) return new Response("good");
      throw new Error("secret");
    };
    const listen = `scgi://${join(makeFolder(), "app.sock")}`;
    await using server = await serve(handler, { listen, onError, onErrorOutput: () => {} });
    const bad = await gatewayFetch(server.address, "/bad");
    expect(bad.status).toBe(500);
    await bad.text();
    const good = await gatewayFetch(server.address, "/good");
    expect(await good.text()).toBe("good");
    expect(shown).toHaveBeenCalledWith(expect.objectContaining({ message: "the log is full" }));
  });

  it("is refused by its name if it is none, as a stream is", async () => {
    const listen = join(makeFolder(), "app.sock");
    const serving = serve(() => new Response(), { listen, onError: 5 as never });
    await expect(serving).rejects.toThrow(new TypeError("onError: 5 is not a function"));
    const env = { REQUEST_METHOD: "POST", CONTENT_LENGTH: "4" };
    const answering = serveCgi(() => new Response(), { env, stdin: "body" as never });
    await expect(answering).rejects.toThrow(new TypeError('stdin: "body" is not a Readable'));
  });

  it("does not change the answer of a front end, nor of an exporter", async () => {
    const shown = vi.spyOn(console, "error").mockImplementation(() => {});
    const nowhere = `unix:${join(makeFolder(), "nowhere.sock")}`;
    const handler = toFetchHandler({ address: nowhere, onError: fail });
    expect((await handler(new Request("http://localhost/"))).status).toBe(502);
    const exporter = createExporter({ targets: [nowhere], log: fail });
    const page = await exporter.fetch(new Request("http://localhost/metrics"));
    expect(await page.text()).toMatch(/^phpfpm_up\{.*\} 0$/m);
    exporter.close();
    expect(shown.mock.calls.length).toBeGreaterThan(1);
  });
});
