import type { Engine } from "../../src/engine/engine.js";
import {
  FastCgiRequestDecoder,
  type FastCgiRequestDecoderOptions,
} from "../../src/fastcgi/request-decoder.js";
import { attempt, type Problem, textsOf } from "../captures/drive.js";
import { latin1 } from "../captures/plain.js";

/** An event in short: its kind and id, and what it carries. */
type Event = readonly unknown[];

export interface Decoded {
  events: Event[];
  problem: Problem | undefined;
  ignored: number;
}

/** All that a FastCgiRequestDecoder yields for these chunks and their end. */
export function requestsOf(
  chunks: readonly Uint8Array[],
  engine: Engine,
  limits: FastCgiRequestDecoderOptions["limits"] = {},
): Decoded {
  const decoder = new FastCgiRequestDecoder({ engine, limits });
  const events: Event[] = [];
  const problem = attempt(() => {
    for (const chunk of chunks) {
      for (const event of decoder.push(chunk)) {
        switch (event.kind) {
          case "request": {
            const { kind, requestId, role, flags, keepConnection } = event;
            const variables = textsOf([...event.variables]);
            events.push([kind, requestId, { role, flags, keepConnection, variables }]);
            break;
          }
          case "stdin":
          case "data":
            events.push([event.kind, event.requestId, latin1(event.bytes)]);
            break;
          case "end":
          case "abort":
            events.push([event.kind, event.requestId]);
            break;
          case "get-values":
            events.push([event.kind, ...event.names]);
            break;
          case "unknown-type":
            events.push([event.kind, event.type]);
        }
      }
    }
    decoder.end();
  });
  return { events, problem, ignored: decoder.ignored };
}
