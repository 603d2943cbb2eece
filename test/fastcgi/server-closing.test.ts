import { describe, expect, it } from "vitest";
import type { ServerHandlers } from "../../src/cgi/server-machine.js";
import { FastCgiServer } from "../../src/fastcgi/server.js";
import { WatchedServer } from "../cgi/watched-server.js";
import { hex, join, record } from "../engine/bytes.js";

const begin = (requestId: number, role = "0001") =>
  record(1, requestId, hex(`${role}000000000000`));
const params = (requestId: number) => record(4, requestId, new Uint8Array());
const body = (requestId: number) => record(5, requestId, hex("616263"));

const silent: ServerHandlers["request"] = () => ({
  body: () => {},
  endBody: () => {},
  data: () => {},
  endData: () => {},
  aborted: () => {},
});

/** Does nothing when a request begins and its data, of which there is none, ends. Ends it at its body. */
const ending = ["nothing", "nothing", "end"] as const;

describe("a FastCGI connection whose request is answered while its body comes", () => {
  it.each([
    ["begins no other request", join(begin(2), params(2), body(2))],
    ["closes once, whatever is refused", begin(2, "0009")],
  ])("%s", (_, next) => {
    const create = (handlers: ServerHandlers) => new FastCgiServer(handlers);
    const server = new WatchedServer(create, ending);
    server.run([join(begin(1), params(1), body(1), next)], []);
    expect(server.requests).toHaveLength(1);
    expect(server.ending).toBe("lingering");
  });
});

describe("an ABORT_REQUEST that has a content", () => {
  it.each([9, 12, 15])("aborts once it is whole, cut at byte %i", (at) => {
    const server = new FastCgiServer({ request: silent, send: () => {}, close: () => {} });
    server.take(join(begin(1), params(1)));
    const abort = record(2, 1, hex("0000000000000000"));
    server.take(abort.slice(0, at));
    expect([server.active, server.ignored]).toEqual([1, 0]);
    server.take(abort.slice(at));
    expect([server.active, server.ignored]).toEqual([0, 0]);
  });
});
