// The application under test: its path says what to do. It is the same behind every front end and
// every server, and reports at /events?id=… what happened to an earlier request.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** What happened to requests, by their id. */
const events = new Map();
const MEGABYTE = 1_048_576;
const encoder = new TextEncoder();

async function echo(request) {
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of request.body ?? []) {
    hash.update(chunk);
    length += chunk.length;
  }
  return Response.json({
    method: request.method,
    path: new URL(request.url).pathname,
    query: new URL(request.url).search,
    length,
    digest: hash.digest("hex"),
    cookie: request.headers.get("cookie"),
    headers: [...request.headers.keys()].filter((name) => name.startsWith("x-in-")).length,
  });
}

/** A body made of what `write` is given. No front end is to wait for more before it passes it on. */
function streamed(produce, headers = {}) {
  let cancelled = false;
  const body = new ReadableStream({
    async start(controller) {
      const write = (chunk) => controller.enqueue(chunk);
      const failed = await produce(write, () => cancelled).catch((error) => error);
      if (cancelled) return;
      if (failed instanceof Error) controller.error(failed);
      else controller.close();
    },
    cancel() {
      cancelled = true;
    },
  });
  return new Response(body, { headers: { "x-accel-buffering": "no", ...headers } });
}

/** 256 MB, 64 KiB at a time, as the front end takes them. */
function flood(id) {
  let sent = 0;
  events.set(id, "started");
  const body = new ReadableStream({
    async pull(controller) {
      if (sent >= 256 * MEGABYTE) {
        events.set(id, "finished");
        controller.close();
        return;
      }
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536));
    },
    cancel() {
      events.set(id, "aborted");
    },
  });
  return new Response(body, { headers: { "x-accel-buffering": "no" } });
}

async function wait(id, { signal }) {
  events.set(id, "started");
  try {
    await sleep(700, undefined, { signal });
    events.set(id, "finished");
  } catch {
    events.set(id, "aborted");
  }
  return new Response("waited");
}

function headers() {
  const response = new Response("headers");
  for (let at = 0; at < 64; at++) response.headers.set(`x-out-${at}`, `value ${at}`);
  response.headers.append("set-cookie", "a=1; Path=/");
  response.headers.append("set-cookie", "b=2; HttpOnly");
  return response;
}

/** A redirect that no Response can tell: CGI's local one (RFC 3875 §6.2.2). */
const local = {
  async streams(variables, _input, output) {
    const to = new URLSearchParams(variables.get("QUERY_STRING")).get("to");
    const writer = output.getWriter();
    await writer.write(`Location: ${to}\n\n`);
  },
};

/** @param handlerOf the package's own, which is not built where tests run from the sources */
export const createApplication = (handlerOf) => (request, context) => {
  const isLocal = new URL(request.url).pathname.includes("/do/local");
  return isLocal ? handlerOf(local)(request, context) : application(request, context);
};

async function application(request, context) {
  const url = new URL(request.url);
  const id = url.searchParams.get("id");
  // Behind a mount point, or none.
  switch (/\/do\/([^/]+)/.exec(url.pathname)?.[1]) {
    case "echo":
      return echo(request);
    case "hello":
      return new Response("hello\n", { headers: { "content-length": "6" } });
    case "empty":
      return new Response("");
    case "big":
      return new Response(new Uint8Array(20 * MEGABYTE).fill(0x62));
    case "stream":
      return streamed(async (write) => {
        write(encoder.encode("first "));
        await sleep(400);
        write(encoder.encode("second"));
      });
    case "headers":
      return headers();
    case "redirect":
      return new Response(null, { status: 302, headers: { location: url.searchParams.get("to") } });
    case "document":
      return new Response("over there", { status: 303, headers: { location: "/there" } });
    case "not-modified":
      return new Response(null, { status: 304, headers: { etag: '"1"' } });
    case "bodyless": {
      const status = Number(url.searchParams.get("status"));
      return new Response(null, { status, headers: { "content-length": "5" } });
    }
    case "characters": {
      const text = "déjà vu";
      return new Response(text, { headers: { "content-length": `${text.length}` } });
    }
    case "log":
      context.errors.write(`to the log: ${id}\n`);
      return new Response("logged");
    case "throw":
      throw new Error("the secret");
    case "break":
      return streamed(async (write) => {
        write(new Uint8Array(100_000));
        await sleep(50);
        throw new Error("the secret");
      });
    case "wait":
      return wait(id, context);
    case "flood":
      return flood(id);
    case "events":
      return new Response(events.get(id) ?? "none");
    default:
      return new Response("nothing here", { status: 404 });
  }
}
