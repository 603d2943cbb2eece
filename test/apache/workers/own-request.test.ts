import { describe, expect, it } from "vitest";
import type { WorkerRow } from "../../../src/apache/page/worker-row.js";
import { isOwnRequest } from "../../../src/apache/workers/local-workers.js";

const connection = {
  localAddress: "::ffff:192.0.2.9",
  localPort: 50_000,
  remoteAddress: "::ffff:192.0.2.1",
  remotePort: 80,
};
const own = { mode: "W", client: "192.0.2.9", request: "GET /server-status HTTP/1.1" };
const isOwn = (row: Partial<WorkerRow>, url = "http://h/server-status", at = connection) =>
  isOwnRequest({ ...own, ...row } as WorkerRow, at, url);

describe("the row of our own request", () => {
  it("has our address, and the path of the page", () => {
    expect(isOwn({})).toBe(true);
    expect(isOwn({ request: "GET /s?refresh=5 HTTP/1.1" }, "http://h/s?refresh=5")).toBe(true);
  });

  it("may be cut after 63 bytes, or before the last 63", () => {
    const path = `/${"long/".repeat(20)}server-status`;
    const line = `GET ${path} HTTP/1.1`;
    expect(isOwn({ request: line.slice(0, 63) }, `http://h${path}`)).toBe(true);
    expect(isOwn({ request: line.slice(-63) }, `http://h${path}`)).toBe(true);
    expect(isOwn({ request: line.slice(0, 40) }, `http://h${path}`)).toBe(false);
  });

  it.each([
    { client: "192.0.2.8" },
    { client: undefined },
    { mode: "_" },
    { mode: undefined },
    { request: "POST /server-status HTTP/1.1" },
    { request: "GET /server-status/ HTTP/1.1" },
    { request: undefined },
  ])("is not one with %j", (row) => {
    expect(isOwn(row)).toBe(false);
  });

  it("is not known on a connection that is not", () => {
    expect(isOwnRequest(own as WorkerRow, undefined, "http://h/server-status")).toBe(false);
  });
});
