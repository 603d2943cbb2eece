import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { begin, endStdin, params, record, summaryOf } from "../fastcgi/records-of.js";
import { until } from "../harness/server-process.js";
import { askForValues, get, post, text, VALUES_LENGTH, variables } from "./fastcgi-front-end.js";
import { hello, never, serveFastCgi } from "./serving.js";

const { connect, start } = serveFastCgi();

describe("connections", () => {
  it("are closed after the answer without KEEP_CONN", async () => {
    const server = await start(hello);
    const peer = connect().send(begin(1, { keep: false }), params(1, variables()), endStdin());
    expect(text(await peer.records())).toMatch(/hello$/);
    peer.socket.end();
    await until(
      () => server.connections === 0,
      () => "the connection is open",
      1_000,
    );
  });

  it("that close with an unread body do not lose the answer", async () => {
    await start(hello);
    const peer = connect();
    const piece = record(RecordType.Stdin, 1, "x".repeat(60_000));
    peer.send(
      begin(1, { keep: false }),
      params(1, variables({ REQUEST_METHOD: "POST", CONTENT_LENGTH: "6000000" })),
    );
    for (let at = 0; at < 100; at++) peer.send(piece);
    expect(text(await peer.records())).toMatch(/hello$/);
  });

  it("are kept with KEEP_CONN, also over TCP", async () => {
    const server = await start(hello, { listen: "127.0.0.1:0" });
    const port = Number(/^127\.0\.0\.1:(\d+)$/.exec(server.address)?.[1]);
    const peer = connect({ host: "127.0.0.1", port });
    for (let at = 0; at < 3; at++) expect(text(await peer.send(get()).answer())).toMatch(/hello$/);
    expect(server.counts).toMatchObject({ connections: 1, requests: 3 });
  });

  it("carry one request at a time", async () => {
    await start(never);
    const lines = await connect().send(begin(1), params(1, variables()), get({}, 2)).answer(2);
    expect(lines).toEqual(["2 end 0 1"]);
  });

  it("of HAProxy carry the next request beside one that is complete and not yet answered", async () => {
    await start(({ url }) => (new URL(url).pathname === "/" ? never() : new Response("hello")));
    const haproxy = { SERVER_SOFTWARE: "HAProxy 2.6.12" };
    const first = get({ ...haproxy, REQUEST_URI: "/" });
    const next = get({ ...haproxy, REQUEST_URI: "/next" }, 2);
    const lines = await connect().send(first, next).answer(2);
    expect(lines.at(-1)).toBe("2 end 0 0");
  });

  it("carry several requests at once with the option multiplex", async () => {
    await start(
      async (request) => {
        const name = new URL(request.url).pathname;
        await sleep(name === "/slow" ? 60 : 1);
        return new Response(name);
      },
      { multiplex: true },
    );
    const slow = get({ REQUEST_URI: "/slow" }, 1);
    const lines = await connect()
      .send(slow, get({ REQUEST_URI: "/fast" }, 2))
      .answer(1);
    const ends = lines.filter((line) => line.includes(" end "));
    expect(ends).toEqual(["2 end 0 0", "1 end 0 0"]);
  });

  it("that multiplex abort a request whose body is not read, and no other", async () => {
    await start(async (request) => (request.method === "POST" ? never() : new Response("fast")), {
      multiplex: true,
      bodyBuffer: 100_000,
    });
    const peer = connect().send(post(10_000_000), begin(2));
    for (let at = 0; at < 5; at++) peer.send(record(RecordType.Stdin, 1, "x".repeat(60_000)));
    const lines = await peer.answer(1);
    expect(lines.at(-1)).toBe("1 end 0 2");
    peer.send(params(2, variables()), endStdin(2));
    expect((await peer.answer(2)).at(-1)).toBe("2 end 0 0");
  });

  it("answer FCGI_MPXS_CONNS and the limits", async () => {
    await start(hello, { maxConnections: 7, maxRequests: 9 });
    const peer = connect().send(
      record(9, 0, "\x0f\0FCGI_MPXS_CONNS\x0e\0FCGI_MAX_CONNS\x0d\0FCGI_MAX_REQS"),
    );
    await until(
      () => peer.length > 0,
      () => "no values came",
      1_000,
    );
    expect(summaryOf(peer.bytes)).toEqual([
      "0 values FCGI_MPXS_CONNS=0 FCGI_MAX_CONNS=7 FCGI_MAX_REQS=9",
    ]);
  });

  it("refuse requests as overload when too many run", async () => {
    const server = await start(never, { maxRequests: 1 });
    connect().send(get());
    await until(
      () => server.requests === 1,
      () => "no request came",
      1_000,
    );
    expect(await connect().send(get()).answer()).toEqual(["1 end 0 2"]);
    expect(server.counts.refused).toBe(1);
  });

  it("are closed when there are too many", async () => {
    const server = await start(never, { maxConnections: 1 });
    connect().send(get());
    await until(
      () => server.connections === 1,
      () => "no connection came",
      1_000,
    );
    await connect().closed();
    expect(server.connections).toBe(1);
  });

  it("from peers that are not allowed are closed", async () => {
    const server = await start(hello, {
      listen: "127.0.0.1:0",
      allowedPeers: new Set(["192.0.2.1"]),
    });
    const port = Number(server.address.split(":")[1]);
    await connect({ host: "127.0.0.1", port }).send(get()).closed();
    expect(server.counts).toMatchObject({ denied: 1, requests: 0 });
  });
});

describe("front ends that ask for values", () => {
  it("may do so forever, as long as they read the answers", async () => {
    await start(hello);
    const peer = connect();
    let answered = 0;
    for (let round = 0; round < 3_000; round++) {
      peer.send(askForValues);
      const [bytes] = (await once(peer.socket, "data")) as [Buffer];
      answered += bytes.length;
    }
    expect(answered).toBe(3_000 * VALUES_LENGTH);
  });
});
