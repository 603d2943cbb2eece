import type { Protocol } from "../address.js";
import { isBodyless } from "../cgi/request-from-variables.js";
import type { ServerRole } from "../cgi/server-machine.js";
import type { Variables } from "../cgi/variables.js";
import { CgiOutput } from "./adapters/streams.js";

/** An application: answers one request. It runs behind every protocol here. */
export type Handler = (request: Request, context: Context) => Response | Promise<Response>;

/**
 * An application below Fetch: it reads the body from `input`, that of a GET, too, and writes a CGI
 * response, head and body, to `output`, strings as UTF-8. `output` may be closed; when this settles it is.
 *
 * A write settles when the client is ready for more, and fails when nobody takes what is written:
 * the client has gone, or the response has no body (HEAD, 304). What is written and is no CGI
 * response is answered with 500. A Location of a path without a Status is CGI's local redirect
 * (RFC 3875 §6.2.2): front ends that can serve that path in its place.
 */
export type StreamsHandler = (
  variables: Variables,
  input: ReadableStream<Uint8Array>,
  output: WritableStream<string | Uint8Array>,
  context: Context,
) => void | Promise<void>;

/**
 * What an application may be exported as: a function, an object with `fetch`, or, a level below,
 * one with `streams`.
 */
export type HandlerLike = Handler | { fetch: Handler } | { streams: StreamsHandler };

/** Where an application writes what its front end is to log. */
export interface ErrorStream {
  /** Text travels as UTF-8. A line should end in a newline. */
  write(text: string | Uint8Array): void;
}

/** What a request has beside what Fetch's Request tells. */
export interface Context {
  readonly protocol: Protocol;
  readonly role: ServerRole;
  /** All that the front end sent, in order. */
  readonly variables: Variables;
  /**
   * The body as it came, whatever the method: a Request has none for GET and HEAD. Where it has one
   * the two are the same stream, of which one is to be read.
   */
  readonly input: ReadableStream<Uint8Array>;
  readonly errors: ErrorStream;
  /**
   * Aborts when the front end gives the request up or goes, and when the answer is too late. Its
   * reason is a GatewayError.
   */
  readonly signal: AbortSignal;
  /**
   * The file that a filter is to filter (FastCGI 1.0 §6.4), else null. Front ends send it behind
   * the body: read or cancel that first.
   */
  readonly data: ReadableStream<Uint8Array> | null;
  /** Settles when the response has been handed over, or given up. Never rejects. */
  readonly finished: Promise<void>;
}

/** The function of an application. Of an object with both, `streams` serves, and not `fetch`. */
export function handlerOf(application: HandlerLike): Handler {
  if (typeof application === "function") return application;
  if (!("streams" in application)) return (request, context) => application.fetch(request, context);
  return (request, context) => runStreams(application, inputOf(request, context), context);
}

/** The body for an application below Fetch that gets a Request, perhaps one of a middleware's. */
export function inputOf(
  { method, body }: Pick<Request, "method" | "body">,
  context: Context,
): ReadableStream<Uint8Array> {
  return body ?? (isBodyless(method) ? context.input : undefined) ?? emptyStream();
}

/** Runs an application of streams. */
export function runStreams(
  application: { streams: StreamsHandler },
  input: ReadableStream<Uint8Array>,
  context: Context,
): Promise<Response> {
  const output = new CgiOutput(context);
  const run = async () => {
    await application.streams(context.variables, input, output.stream, context);
    await output.end();
  };
  run().catch((error: unknown) => output.fail(error));
  return output.response;
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
