import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { GatewayError } from "../../src/errors.js";
import { begin, join, record } from "../fastcgi/records-of.js";
import { until } from "../harness/server-process.js";
import { askForValues, get, VALUES_LENGTH } from "./fastcgi-front-end.js";
import { hello, never, serveFastCgi } from "./serving.js";

const { connect, errors, start } = serveFastCgi();

describe("hostile front ends", () => {
  const cases: readonly (readonly [string, Uint8Array[], GatewayError["code"]])[] = [
    ["HTTP", [Buffer.from("GET / HTTP/1.1\r\n\r\n")], "wrong_protocol"],
    ["a malformed record", [get(), Buffer.from([9, 9, 9, 9, 9, 9, 9, 9])], "malformed"],
    [
      "an endless PARAMS stream",
      [
        begin(1),
        ...Array.from({ length: 20 }, () =>
          record(4, 1, `\x04\x80\0\xf0\0NAME${"x".repeat(0xf000)}`),
        ),
      ],
      "limit_exceeded",
    ],
    [
      "a flood of BEGIN_REQUEST",
      Array.from({ length: 2_000 }, (_, id) => begin(id + 1)),
      "limit_exceeded",
    ],
  ];

  it.each(cases)("with %s are closed and counted", async (_, sent, code) => {
    const server = await start(never);
    await connect()
      .send(...sent)
      .closed();
    await until(
      () => server.connections === 0,
      () => "the connection is open",
      1_000,
    );
    expect(errors).toMatchObject([{ code }]);
    expect(server.counts.errors).toBe(1);
    await until(
      () => server.requests <= 1,
      () => "requests are left",
      1_000,
    );
  });

  it.each([
    ["nothing", []],
    ["half a header", [Uint8Array.of(1, 1, 0)]],
    ["half a record", [record(4, 1, "x".repeat(100)).subarray(0, 50)]],
    ["a BEGIN_REQUEST", [begin(1)]],
    ["half the variables", [begin(1), record(4, 1, "\x01\x01A1")]],
  ])("that send %s and nothing more are closed", async (_, sent) => {
    const server = await start(hello, { headerTimeout: 60 });
    const peer = connect().send(...sent);
    await peer.closed(2_000);
    expect(server.connections).toBe(0);
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("that send a byte at a time are closed on time, too", async () => {
    await start(hello, { headerTimeout: 100 });
    const peer = connect().send(begin(1));
    const timer = setInterval(() => {
      if (!peer.ended) peer.send(record(4, 1, "\x01\x01A1"));
    }, 10);
    const began = Date.now();
    await peer.closed(2_000);
    clearInterval(timer);
    expect(Date.now() - began).toBeLessThan(1_000);
  });

  it("that begin a request between others and never finish it are closed", async () => {
    await start(hello, { headerTimeout: 100, multiplex: true });
    const peer = connect().send(begin(9));
    const timer = setInterval(() => {
      if (!peer.ended) peer.send(get({}, 1));
    }, 10);
    await peer.closed(2_000);
    clearInterval(timer);
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("that keep a connection and do nothing are closed after a while", async () => {
    await start(hello, { idleTimeout: 60 });
    const peer = connect().send(get());
    await peer.answer();
    await peer.closed(2_000);
    expect(errors).toEqual([]);
  });

  it("that ask for values and never read are made to wait", async () => {
    const server = await start(hello, { headerTimeout: 0 });
    const peer = connect();
    peer.socket.pause();
    const flood = join(...Array.from({ length: 1_000 }, () => askForValues));
    let sent = 0;
    for (let quiet = 0; quiet < 20 && sent < 400; quiet++) {
      while (sent < 400 && peer.socket.writableLength === 0) {
        peer.socket.write(flood);
        sent += 1;
        quiet = 0;
      }
      await sleep(5);
    }
    expect(sent * flood.length).toBeLessThan(10_000_000);
    expect(server.connections).toBe(1);

    peer.socket.resume();
    await until(
      () => peer.length === sent * 1_000 * VALUES_LENGTH,
      () => `${peer.length} bytes came of ${sent * 1_000} answers`,
    );
  });
});
