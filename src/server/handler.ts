import type { Protocol } from "../address.js";
import { checkFunction, hasMethod, wrongArgument } from "../arguments.js";
import { isBodyless } from "../cgi/request-from-variables.js";
import type { ServerRole } from "../cgi/server-machine.js";
import type { Variables } from "../cgi/variables.js";
import { CgiOutput } from "./adapters/streams.js";

/** An application that answers one request with a response. It runs behind every protocol here. */
export type Handler = (request: Request, context: Context) => Response | Promise<Response>;

/**
 * An application below Fetch. It reads the body from `input`, even that of a GET, and writes a CGI
 * response, head and body, to `output`; strings are written as UTF-8. It may close `output`;
 * otherwise `output` is closed when the returned promise settles.
 *
 * A write settles when the client is ready for more. It fails when what is written cannot be sent:
 * the client has left, or the response has no body (HEAD, 304). A request is answered with 500 if
 * what is written is not a CGI response. A Location that is a path, without a Status, is CGI's local
 * redirect (RFC 3875 §6.2.2): a front end that supports it serves that path instead.
 */
export type StreamsHandler = (
  variables: Variables,
  input: ReadableStream<Uint8Array>,
  output: WritableStream<string | Uint8Array>,
  context: Context,
) => void | Promise<void>;

/**
 * An application for requests: a function, an object with `fetch`, or, a level below, an object with
 * `streams`.
 */
export type HandlerLike = Handler | { fetch: Handler } | { streams: StreamsHandler };

/** Where a handler writes what its front end should log. */
export interface ErrorStream {
  /** Writes to the log; strings are written as UTF-8. A line should end in a newline. */
  write(text: string | Uint8Array): void;
}

/** What a handler gets besides the Request. */
export interface Context {
  /** The protocol that the request arrived in. */
  readonly protocol: Protocol;
  /** What the front end asks for. Only FastCGI has roles other than `responder`. */
  readonly role: ServerRole;
  /** All variables that the front end sent, in order. */
  readonly variables: Variables;
  /**
   * The body as received, whatever the method; the Request of a GET or HEAD has none. If the Request
   * has a body, it is the same stream: read one of the two.
   */
  readonly input: ReadableStream<Uint8Array>;
  /** The front end's log, or standard error where the protocol has no error stream. */
  readonly errors: ErrorStream;
  /**
   * Aborts when the front end abandons the request or closes the connection, and when
   * `responseTimeout` has passed. Its reason is a GatewayError.
   */
  readonly signal: AbortSignal;
  /**
   * The file that a filter should filter (FastCGI 1.0 §6.4); null for other roles. Front ends send
   * it after the body: read or cancel that first.
   */
  readonly data: ReadableStream<Uint8Array> | null;
  /** Resolves when the response has been sent or abandoned. Never rejects. */
  readonly finished: Promise<void>;
}

export function isHandler(value: unknown): value is HandlerLike {
  return typeof value === "function" || hasMethod(value, "fetch") || hasMethod(value, "streams");
}

/** @throws TypeError that names the argument */
export function checkHandler(argument: string, value: unknown): asserts value is HandlerLike {
  if (isHandler(value)) return;
  throw wrongArgument(argument, value, "a function, or an object with one named fetch");
}

/**
 * The handler of an application. If an object has both `streams` and `fetch`, `streams` is used.
 *
 * @throws TypeError for what is no application
 */
export function handlerOf(application: HandlerLike): Handler {
  checkHandler("application", application);
  if (typeof application === "function") return application;
  if (!("streams" in application)) return (request, context) => application.fetch(request, context);
  return (request, context) => runStreams(application, inputOf(request, context), context);
}

/** The body for an application below Fetch that gets a Request, perhaps from a middleware. */
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

/** Wraps a handler in another one, which sees each request before it and each response after it. */
export type Middleware = (next: Handler) => Handler;

/**
 * Combines several middleware into one. The first is the outermost: it gets the request first and the
 * response last. `compose(logged, authorized)(application)` is a handler.
 *
 * @throws TypeError for a middleware that is not a function
 */
export function compose(...middleware: readonly Middleware[]): Middleware {
  for (const each of middleware) checkFunction("middleware", each);
  return (application) => middleware.reduceRight((next, wrap) => wrap(next), application);
}
