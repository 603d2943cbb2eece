import { afterEach, expect, it, vi } from "vitest";
import { toFetchHandler } from "../../src/client/front-end/fetch-handler.js";
import { toNodeHandler } from "../../src/client/front-end/node-handler.js";

vi.mock("@fastify/send", () => {
  throw new Error("Cannot find package '@fastify/send'");
});

const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
afterEach(() => void written.mockClear());

const options = { address: "127.0.0.1:9", root: "/", static: true };

it.each([
  ["toNodeHandler", toNodeHandler],
  ["toFetchHandler", toFetchHandler],
])("%s names the package that static files need before any request", async (_, make) => {
  make(options);
  await vi.waitFor(() => expect(written).toHaveBeenCalled());
  expect(written.mock.calls.map(([text]) => text)).toEqual([
    "fcgi-probe: static: true: GatewayError: static files need the package @fastify/send\n" +
      "hint: npm install @fastify/send, or leave out the option static\n",
  ]);
});

it("a request for a file fails with the package that is missing", async () => {
  const onError = vi.fn();
  const handler = toFetchHandler({ ...options, onError });
  const response = await handler(new Request("http://app.test/style.css"));
  expect(response.status).toBe(500);
  expect(onError.mock.calls[0]?.[0]).toMatchObject({
    code: "bad_input",
    message: "static files need the package @fastify/send",
    hint: "npm install @fastify/send, or leave out the option static",
  });
});
