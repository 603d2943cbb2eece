import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { endStdin, join, record, summaryOf } from "../fastcgi/records-of.js";
import { until } from "../harness/server-process.js";
import { get, post, text } from "./fastcgi-front-end.js";
import { gate, hello, serveFastCgi } from "./serving.js";

const { connect, errors, start } = serveFastCgi();

describe("a request's body", () => {
  it("is read as it arrives", async () => {
    await start(async (request) => new Response(await request.text()));
    const peer = connect().send(post(10), record(RecordType.Stdin, 1, "hello"));
    await sleep(20);
    peer.send(record(RecordType.Stdin, 1, "world"), endStdin());
    expect(text(await peer.answer())).toMatch(/helloworld$/);
  });

  it("of unknown length ends with its stream", async () => {
    await start(async (request) => new Response(await request.text()));
    const sent = join(post(""), record(RecordType.Stdin, 1, "chunked"), endStdin());
    expect(text(await connect().send(sent).answer())).toMatch(/chunked$/);
  });

  it("shorter than CONTENT_LENGTH is an error for the handler that reads it", async () => {
    let caught: unknown;
    await start(async (request) => {
      await request.text().catch((error: unknown) => {
        caught = error;
      });
      return new Response("survived");
    });
    const sent = join(post(10), record(RecordType.Stdin, 1, "short"), endStdin());
    expect(text(await connect().send(sent).answer())).toMatch(/survived$/);
    expect(caught).toMatchObject({ code: "truncated" });
  });

  it("shorter than CONTENT_LENGTH does not concern a handler that does not read it", async () => {
    await start(hello);
    const sent = join(post(10), record(RecordType.Stdin, 1, "short"), endStdin());
    expect(text(await connect().send(sent).answer())).toMatch(/hello$/);
  });

  it("longer than CONTENT_LENGTH is cut", async () => {
    await start(async (request) => new Response(await request.text()));
    const sent = join(post(5), record(RecordType.Stdin, 1, "hello world"), endStdin());
    expect(text(await connect().send(sent).answer())).toMatch(/\r\n\r\nhello$/);
  });

  it("that is not read makes the front end wait, and is dropped with the answer", async () => {
    const answering = gate();
    await start(async () => {
      await answering.opened;
      return new Response("done");
    });
    const peer = connect().send(post(50_000_000));
    const piece = record(RecordType.Stdin, 1, "x".repeat(65_528));
    let sent = 0;
    while (peer.socket.write(piece) && sent < 50_000_000) sent += piece.length;
    await sleep(100);
    const written = peer.socket.bytesWritten - peer.socket.writableLength;
    expect(written).toBeLessThan(5_000_000);
    answering.open();
    expect(text(await peer.answer())).toMatch(/done$/);
    await until(
      () => peer.socket.writableLength === 0,
      () => "the body is still unread",
    );
    peer.send(record(RecordType.Stdin, 1), get());
    expect(text(await peer.answer())).toMatch(/done$/);
  });

  it("S2.5 that stops coming ends in a deadline for its reader", async () => {
    let caught: unknown;
    await start(
      async (request) => {
        await request.text().catch((error: unknown) => {
          caught = error;
        });
        return new Response("gave up");
      },
      { bodyTimeout: 50 },
    );
    const peer = connect().send(post(10), record(RecordType.Stdin, 1, "hello"));
    expect(text(await peer.answer())).toMatch(/gave up$/);
    expect(caught).toMatchObject({ code: "deadline" });
  });

  it("of 20 MB goes there and back, without being kept whole", async () => {
    await start((request) => new Response(request.body));
    const length = 20_000_000;
    const peer = connect().send(post(length));
    const chunk = Buffer.alloc(50_000, "abcdefg");
    for (let sent = 0; sent < length; sent += chunk.length) {
      if (!peer.socket.write(record(RecordType.Stdin, 1, chunk.toString("latin1")))) {
        await once(peer.socket, "drain");
      }
    }
    peer.send(endStdin());
    const lines = await peer.answer();
    expect(text(lines).length).toBe("Status: 200 OK\r\n\r\n".length + length);
  });
});

describe("a response", () => {
  it("is sent as it is made, its head at once", async () => {
    const answering = gate();
    await start(() => {
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await answering.opened;
          controller.enqueue(new TextEncoder().encode("late"));
          controller.close();
        },
      });
      return new Response(body);
    });
    const peer = connect().send(get());
    await until(
      () => peer.length > 0,
      () => "no head came",
      2_000,
    );
    expect(text(summaryOf(peer.bytes))).toBe("Status: 200 OK\r\n\r\n");
    answering.open();
    expect(text(await peer.answer())).toMatch(/late$/);
  });

  it("waits for a front end that reads slowly", async () => {
    let produced = 0;
    await start(() => {
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          produced += 65_536;
          controller.enqueue(new Uint8Array(65_536));
          if (produced >= 30_000_000) controller.close();
        },
      });
      return new Response(body);
    });
    const peer = connect().send(get());
    peer.socket.pause();
    await sleep(150);
    expect(produced).toBeLessThan(5_000_000);
    peer.socket.resume();
    await peer.answer();
    expect(produced).toBeGreaterThanOrEqual(30_000_000);
  });

  it("is abandoned when the front end does not read it", async () => {
    let cancelled = false;
    const server = await start(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
            cancel: () => {
              cancelled = true;
            },
          }),
        ),
      { writeTimeout: 80 },
    );
    connect().send(get()).socket.pause();
    await until(
      () => cancelled,
      () => "the response is still being made",
      3_000,
    );
    await until(
      () => server.connections === 0,
      () => "the connection is open",
      2_000,
    );
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });
});
