import { describe, expect, it } from "vitest";
import { bridge } from "../src/client/bridge.js";
import { createClient } from "../src/client/create-client.js";
import { gatewayFetch } from "../src/client/fetch.js";
import { gatewayFetchOver } from "../src/client/fetch-over.js";
import { toNodeHandler } from "../src/client/front-end/node-handler.js";
import {
  encodeAbortRequest,
  encodeBeginRequest,
  encodeNetstring,
  encodeRecord,
  FastCgiRecordDecoder,
  FastCgiRequestDecoder,
  NetstringDecoder,
  PairDecoder,
  ResponseDecoder,
  ResponseHeadReader,
  ScgiRequestDecoder,
  streamRecords,
  UwsgiPacketDecoder,
} from "../src/codec.js";
import { createDescriber } from "../src/describe.js";
import { createExporter } from "../src/exporter/create-exporter.js";
import { statusOver } from "../src/phpfpm/fetch-page.js";
import { fleet, ping, status } from "../src/phpfpm/status.js";
import { startPool } from "../src/pool/start-pool.js";
import { fromWsgi } from "../src/server/adapters/wsgi.js";
import { compose } from "../src/server/handler.js";
import { serve } from "../src/server/serve.js";
import { serveCgi } from "../src/server/serve-cgi.js";
import { serveOver } from "../src/server/serve-over.js";
import { renderStatusPage } from "../src/status-page/write-page.js";
import { listeningCount } from "./harness/listening-count.js";

/** A function with arguments of any kind, as JavaScript calls it. */
const loose = (callee: unknown) => callee as (...values: unknown[]) => unknown;

const streams = () => {
  const [one, other] = [new TransformStream(), new TransformStream()];
  return { readable: one.readable, writable: other.writable };
};
const request = new Request("http://localhost/");
const handler = () => new Response("");
const targets = async (...values: unknown[]) => {
  for await (const _ of loose(fleet)(...values) as AsyncIterable<unknown>);
};

describe("a wrong argument", () => {
  const address = "unix:/nowhere.sock";
  const cases: [name: string, callee: unknown, values: unknown[], argument: string][] = [
    ["gatewayFetch", gatewayFetch, [], "address"],
    ["gatewayFetch", gatewayFetch, [address, 5], "input"],
    ["gatewayFetch", gatewayFetch, [address, "/", null], "init"],
    ["createClient", createClient, [5], "address"],
    ["createClient", createClient, [address, 5], "defaults"],
    ["toNodeHandler", toNodeHandler, [5], "client"],
    ["gatewayFetchOver", gatewayFetchOver, [undefined, request], "streams"],
    ["gatewayFetchOver", gatewayFetchOver, [{ readable: 1, writable: 2 }, request], "streams"],
    ["gatewayFetchOver", gatewayFetchOver, [streams(), "http://localhost/"], "request"],
    ["gatewayFetchOver", gatewayFetchOver, [streams(), null], "request"],
    ["gatewayFetchOver", gatewayFetchOver, [streams(), request, 5], "options"],
    ["gatewayFetchOver", gatewayFetchOver, [streams(), request, { variables: 5 }], "variables"],
    ["statusOver", statusOver, [], "streams"],
    ["statusOver", statusOver, [streams(), { path: 5 }], "path"],
    ["status", status, [], "address"],
    ["status", status, [address, { path: 5 }], "path"],
    ["ping", ping, [5], "address"],
    ["fleet", targets, [5], "targets"],
    ["fleet", targets, [address], "targets"],
    ["createExporter", createExporter, [], "options"],
    ["serve", serve, [undefined, { listen: "127.0.0.1:0" }], "application"],
    ["serve", serve, [{}, { listen: "127.0.0.1:0" }], "application"],
    ["serve", serve, [handler], "options"],
    ["serveOver", serveOver, [undefined, handler], "streams"],
    ["serveOver", serveOver, [streams(), 5], "handler"],
    ["serveOver", serveOver, [streams(), handler, null], "options"],
    ["serveCgi", serveCgi, [5], "application"],
    ["compose", compose, [5], "middleware"],
    ["fromWsgi", fromWsgi, [5], "application"],
    ["renderStatusPage", renderStatusPage, [], "counters"],
    ["renderStatusPage", renderStatusPage, [{ processes: [] }, "yaml", false], "format"],
    ["bridge", bridge, [address, null], "options"],
    ["startPool", startPool, [], "options"],
  ];
  it.each(cases)("of %s is named", async (_name, callee, values, argument) => {
    const before = listeningCount();
    const error = await (async () => loose(callee)(...values))().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toMatch(
      new RegExp(`^${argument}: .* (is not|is neither)`),
    );
    expect(listeningCount()).toBe(before);
  });

  it("that is a protocol without a client, or without a server, is refused", async () => {
    for (const protocol of ["http", "fastcgi", ""]) {
      const sent = loose(gatewayFetchOver)(streams(), request, { protocol });
      await expect(sent).rejects.toMatchObject({
        code: "bad_input",
        message: `the protocol ${protocol} has no client`,
      });
    }
    const served = loose(serveOver)(streams(), handler, { protocol: "fastcgi" });
    await expect(served).rejects.toMatchObject({ code: "bad_input" });
  });
});

describe("of the codec, a wrong argument", () => {
  const text = "hello";
  it.each<[name: string, call: () => unknown, argument: string]>([
    ["encodeRecord", () => encodeRecord(5, 1, text as never), "content"],
    ["streamRecords", () => streamRecords(5, 1, text as never), "bytes"],
    ["encodeNetstring", () => encodeNetstring(text as never), "bytes"],
    ["FastCgiRecordDecoder", () => [...new FastCgiRecordDecoder().push(text as never)], "bytes"],
    ["FastCgiRequestDecoder", () => [...new FastCgiRequestDecoder().push(text as never)], "bytes"],
    ["PairDecoder", () => new PairDecoder().push(new ArrayBuffer(8) as never), "bytes"],
    ["ResponseDecoder", () => new ResponseDecoder(1, {} as never).push(text as never), "bytes"],
    ["ResponseHeadReader", () => new ResponseHeadReader().push(text as never), "bytes"],
    ["NetstringDecoder", () => new NetstringDecoder().push(text as never, () => {}), "bytes"],
    ["ScgiRequestDecoder", () => new ScgiRequestDecoder().push(text as never), "bytes"],
    ["UwsgiPacketDecoder", () => new UwsgiPacketDecoder().push(text as never), "bytes"],
    ["a describer", () => [...createDescriber().push(text as never)], "bytes"],
    ["createDescriber", () => createDescriber({ protocol: "fastcgi" as never }), "protocol"],
  ])("of %s is named, and nothing is sent for it", (_, call, argument) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(new RegExp(`^${argument}: `));
  });

  it.each([65_536, -1, 1.5, Number.NaN])(
    "is the id %s: the record would be another one's",
    (id) => {
      for (const encode of [encodeAbortRequest, (own: number) => encodeBeginRequest(own, 1)]) {
        expect(() => encode(id)).toThrow(
          new RangeError(`requestId is ${id}, not a whole number from 0 to 65535`),
        );
      }
    },
  );
});
