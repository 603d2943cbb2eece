import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { outcome } from "./calls.js";

type Message = Request | Response;

/** An action on one of several messages. */
export interface Step {
  kind: string;
  which: number;
  name: string;
}

const properties = {
  response: ["status", "ok", "statusText", "type", "url", "redirected", "bodyUsed"],
  request: ["method", "url", "mode", "credentials", "cache", "redirect", "bodyUsed", "duplex"],
};
const readers = ["text", "json", "arrayBuffer", "blob", "formData", "bytes"];
const headers = ["x-a", "content-type", "set-cookie", "bad name"];

const named = (kind: string, names: readonly string[]) =>
  fc.record({ kind: fc.constant(kind), which: fc.nat(), name: fc.constantFrom(...names) });

export const stepsOf = (what: "request" | "response"): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      named("get", properties[what]),
      named("headers", ["all"]),
      named("set", headers),
      named("append", headers),
      named("delete", headers),
      named("read", readers),
      // Not the readers that look at the Content-Type after the body has arrived.
      named("begin to read", ["text", "json", "arrayBuffer"]),
      named("body", ["is there", "is locked", "is the same", "chunk", "cancel", "lock"]),
      named("make", ["clone", "of it", "like it", "of its body"]),
      named("show", ["keys", "class", "abort", "is aborted"]),
    ),
    { maxLength: 12 },
  );

/** Runs the steps, and returns the result of each and of the reads that ran meanwhile. */
export async function transcript(
  first: Message,
  steps: readonly Step[],
  abort: () => void,
): Promise<unknown[]> {
  const messages = [first];
  const begun: Promise<unknown>[] = [];
  const seen: unknown[] = [];
  for (const { kind, which, name } of steps) {
    const message = messages[which % messages.length]!;
    if (kind === "begin to read") begun.push(outcome(() => call(message, name)));
    else if (kind === "make") {
      const made = await outcome(() => void messages.push(makeFrom(message, name)));
      seen.push([kind, name, made]);
    } else {
      const result = await outcome(() => (name === "abort" ? abort() : step(message, kind, name)));
      seen.push([kind, name, await shown(result)]);
    }
    // Streams work meanwhile.
    await turn();
  }
  return [...seen, ...(await Promise.all(begun))];
}

const call = (message: Message, name: string) =>
  Reflect.apply(Reflect.get(message, name) as () => unknown, message, []);

function step(message: Message, kind: string, name: string): unknown {
  switch (kind) {
    case "get":
      return Reflect.get(message, name);
    case "headers":
      return [...message.headers];
    case "set":
      return message.headers.set(name, "new/type");
    case "append":
      return message.headers.append(name, "more");
    case "delete":
      return message.headers.delete(name);
    case "read":
      return call(message, name);
    case "body":
      return bodyStep(message, name);
    default:
      return showStep(message, name);
  }
}

async function bodyStep(message: Message, name: string): Promise<unknown> {
  const { body } = message;
  if (name === "is there") return body !== null;
  if (name === "is locked") return body?.locked;
  if (name === "is the same") return message.body === body;
  // A clone's waits until the other one is cancelled, too.
  if (name === "cancel") return void body?.cancel().catch(() => {});
  const reader = body?.getReader();
  if (name === "lock") return undefined;
  const chunk = await reader?.read();
  reader?.releaseLock();
  return chunk;
}

function showStep(message: Message, name: string): unknown {
  if (name === "is aborted") return message instanceof Request && message.signal.aborted;
  if (name === "keys") return [Object.keys(message), JSON.stringify(message)];
  return [message instanceof Request, message instanceof Response, String(message)];
}

function makeFrom(message: Message, name: string): Message {
  if (name === "clone") return message.clone();
  if (name === "of its body") return new Response(message.body, { status: 201 });
  if (message instanceof Response) return new Response(message.body, message);
  return name === "of it" ? new Request(message) : new Request("http://like.test/", message);
}

/** A Blob's equality is that of its type and its bytes. */
async function shown(result: unknown): Promise<unknown> {
  const { returned } = result as { returned?: unknown };
  if (returned instanceof Blob) return [returned.type, await returned.text()];
  if (returned instanceof FormData) return [...returned];
  return result;
}
