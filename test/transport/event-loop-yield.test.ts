import { expect, it } from "vitest";
import type { ServerRequest } from "../../src/cgi/server-machine.js";
import { Variables } from "../../src/cgi/variables.js";
import { sendBody } from "../../src/client/send-body.js";
import { ResponseSender } from "../../src/server/send-response.js";

/** A stream that is always ready. It ends, so that a failing test does, too. */
function alwaysReady(length: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(length);
  let left = 10_000;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(chunk);
      else controller.close();
    },
  });
}

/** Lengths of chunks, and how many are taken in one turn of the event loop. */
const lengths = [
  [65_536, 16],
  [1, 257],
] as const;

it.each(lengths)(
  "a response of %d-byte chunks that are always ready yields to the event loop",
  async (length, atOnce) => {
    let sent = 0;
    const request = {
      variables: new Variables([["REQUEST_METHOD", "GET"]]),
      role: "responder",
      ended: false as boolean,
      respond: (bytes: Uint8Array) => {
        if (bytes.length === length) sent += 1;
      },
      error() {},
      end() {},
      fail() {},
      refuse() {},
    } satisfies ServerRequest;
    const connection = { headBegin: "status-field", drained: () => undefined } as const;
    setImmediate(() => {
      request.ended = true;
    });
    await new ResponseSender(request, connection).send(new Response(alwaysReady(length)));
    expect(sent).toBeLessThanOrEqual(atOnce);
  },
);

it.each(lengths)(
  "a request's body of %d-byte chunks yields to the event loop",
  async (length, atOnce) => {
    let sent = 0;
    const receiver = {
      open: true,
      onRelease: undefined,
      send: async () => {
        sent += 1;
      },
    };
    setImmediate(() => {
      receiver.open = false;
    });
    const source = {
      content: alwaysReady(length),
      length: undefined,
      encode: (bytes: Uint8Array) => [bytes],
      end: () => [],
    };
    await sendBody([source], receiver);
    expect(sent).toBeLessThanOrEqual(atOnce);
  },
);
