import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RecordType } from "../../src/fastcgi/protocol.js";
import type { Context } from "../../src/server/handler.js";
import { record } from "../fastcgi/records-of.js";
import { until } from "../harness/server-process.js";
import { get, post, text } from "./fastcgi-front-end.js";
import { never, serveFastCgi } from "./serving.js";

const { connect, errors, start } = serveFastCgi();

describe("a front end that gives up", () => {
  it("with ABORT_REQUEST: the signal aborts, and END_REQUEST comes", async () => {
    let signal: AbortSignal | undefined;
    const server = await start((request) => {
      signal = request.signal;
      return never();
    });
    const peer = connect().send(get());
    await until(
      () => signal !== undefined,
      () => "no request came",
      1_000,
    );
    peer.send(record(RecordType.AbortRequest, 1));
    expect((await peer.answer()).at(-1)).toBe("1 end 1 0");
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ code: "aborted" });
    expect(server.connections).toBe(1);
  });

  it.each(["end", "destroy"] as const)("by %s: the signal aborts", async (how) => {
    let context: Context | undefined;
    await start((_, given) => {
      context = given;
      return never();
    });
    const peer = connect().send(get());
    await until(
      () => context !== undefined,
      () => "no request came",
      1_000,
    );
    peer.socket[how]();
    await until(
      () => context?.signal.aborted === true,
      () => "the signal did not abort",
      1_000,
    );
    expect(errors).toEqual([]);
  });

  it("while the response is sent: its stream is cancelled", async () => {
    let cancelled = false;
    const server = await start(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            async pull(controller) {
              await sleep(1);
              controller.enqueue(new Uint8Array(1_000));
            },
            cancel: () => {
              cancelled = true;
            },
          }),
        ),
    );
    const peer = connect().send(get());
    await until(
      () => peer.length > 5_000,
      () => "nothing came",
      2_000,
    );
    peer.socket.destroy();
    await until(
      () => cancelled,
      () => "the stream was not cancelled",
      2_000,
    );
    await until(
      () => server.requests === 0,
      () => "the request still runs",
      2_000,
    );
    expect(server.connections).toBe(0);
  });

  it("half way through the body: an error for the handler that reads it", async () => {
    let caught: unknown;
    await start(async (request) => {
      await request.text().catch((error: unknown) => {
        caught = error;
      });
      return new Response();
    });
    const peer = connect().send(post(10), record(RecordType.Stdin, 1, "hello"));
    await sleep(20);
    peer.socket.end();
    await until(
      () => caught !== undefined,
      () => "the body did not end",
      2_000,
    );
    expect(caught).toMatchObject({ code: "truncated" });
  });

  it("but only closes its side: is still answered", async () => {
    await start(async () => {
      await sleep(30);
      return new Response("here you are");
    });
    const peer = connect().send(get());
    peer.socket.end();
    expect(text(await peer.answer())).toMatch(/here you are$/);
    await peer.closed();
  });
});
