import { expect, it, vi } from "vitest";
import { toFetchHandler } from "../../src/client/front-end/fetch-handler.js";

vi.mock("@fastify/send", () => {
  throw new Error("Cannot find package '@fastify/send'");
});

it("names the package that static files need", async () => {
  const onError = vi.fn();
  const handler = toFetchHandler({ address: "127.0.0.1:9", root: "/", static: true, onError });
  const response = await handler(new Request("http://app.test/style.css"));
  expect(response.status).toBe(500);
  expect(onError.mock.calls[0]?.[0]).toMatchObject({
    code: "bad_input",
    message: "static files need the package @fastify/send",
    hint: "npm install @fastify/send, or leave out the option static",
  });
});
