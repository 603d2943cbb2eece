import { Protocol } from "../../src/address.js";
import { type Variable, Variables } from "../../src/cgi/variables.js";
import type { Context } from "../../src/server/handler.js";

/** A context as a server makes one, and what was written to its error stream. */
export function makeContext(
  variables: readonly Variable[] = [],
  more: Partial<Context> = {},
): Context & { logged: string[] } {
  const logged: string[] = [];
  return {
    protocol: Protocol.Scgi,
    role: "responder",
    variables: new Variables(variables),
    errors: { write: (text) => void logged.push(Buffer.from(text).toString()) },
    signal: new AbortController().signal,
    input: new ReadableStream({ start: (controller) => controller.close() }),
    data: null,
    finished: Promise.resolve(),
    logged,
    ...more,
  };
}
