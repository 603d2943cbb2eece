import { Protocol } from "../../address.js";
import { checkFunction } from "../../arguments.js";
import { valueText } from "../../cgi/variables.js";
import { type Context, type ErrorStream, type Handler, inputOf } from "../handler.js";
import { belowFetch } from "../run-request.js";
import { type WsgiChunk, WsgiResponse } from "./wsgi-response.js";

/** What a WSGI application returns. Strings are sent as UTF-8; one chunk counts as a list of one. */
export type WsgiResult = WsgiChunk | Iterable<WsgiChunk> | AsyncIterable<WsgiChunk>;

/**
 * Starts the response with a status such as `"200 OK"`, and the header fields. A second call must
 * pass `excInfo`, the error that it reports: the new head replaces the old one, or, if that has been
 * sent, `excInfo` is thrown.
 *
 * @returns `write`, which sends a chunk before those of the result. It does not wait for the client
 */
export type StartResponse = (
  status: string,
  headers: Iterable<readonly [name: string, value: string]>,
  excInfo?: unknown,
) => (chunk: WsgiChunk) => void;

/** A WSGI application (PEP 3333). `close` of what it returns is always called. */
export type WsgiApplication = (
  environ: WsgiEnviron,
  startResponse: StartResponse,
) => WsgiResult | Promise<WsgiResult>;

/**
 * The environ of a WSGI application (PEP 3333). Texts are byte strings: each character is a byte,
 * from U+0000 to U+00FF. The object has no prototype.
 */
export interface WsgiEnviron {
  [name: string]: unknown;
  readonly REQUEST_METHOD: string;
  readonly SCRIPT_NAME: string;
  readonly PATH_INFO: string;
  readonly QUERY_STRING: string;
  /** Empty when the request has no body type; so is CONTENT_LENGTH without a length. */
  readonly CONTENT_TYPE: string;
  readonly CONTENT_LENGTH: string;
  readonly SERVER_NAME: string;
  readonly SERVER_PORT: string;
  readonly SERVER_PROTOCOL: string;
  readonly "wsgi.version": readonly [1, 0];
  readonly "wsgi.url_scheme": "http" | "https";
  readonly "wsgi.input": ReadableStream<Uint8Array>;
  readonly "wsgi.errors": ErrorStream;
  readonly "wsgi.multithread": false;
  readonly "wsgi.multiprocess": true;
  readonly "wsgi.run_once": boolean;
}

/**
 * Makes a handler of a WSGI application. It behaves as Python's wsgiref does: the head is sent with
 * the first chunk that is not empty; a list of one chunk gets a Content-Length, and so does a result
 * without chunks. CGI's local redirect (RFC 3875 §6.2.2) is written as for mod_wsgi: the status 200
 * with a Location that is a path, and no body.
 *
 * The handler rejects with what the application throws, and with an Error when the application
 * breaks WSGI's rules: `startResponse` never called or called twice, a bad status, headers that are
 * not pairs of strings, a chunk that is neither a string nor bytes. What `close` throws is logged,
 * because the answer is complete by then.
 *
 * It is below Fetch: the body of a GET is in `wsgi.input`, and any method is served.
 */
export function fromWsgi(application: WsgiApplication): Handler {
  checkFunction("application", application);
  const run = (source: EnvironSource, context: Context): Promise<Response> => {
    const response = new WsgiResponse(context);
    void response.run(() =>
      application(wsgiEnviron(source, context), (...head) => response.start(...head)),
    );
    return response.response;
  };
  return belowFetch(
    (request, context) => {
      const { method, url } = request;
      return run({ method, url, input: inputOf(request, context) }, context);
    },
    (running) => {
      const method = running.variables.filled("REQUEST_METHOD") ?? "GET";
      return run({ method, url: running.url, input: running.input }, running);
    },
  );
}

/** What an environ has besides the variables. */
interface EnvironSource {
  method: string;
  url: string;
  input: ReadableStream<Uint8Array>;
}

/**
 * The environ of a request: its variables, and what WSGI adds. Without PATH_INFO, the path of the
 * request's URL is PATH_INFO, and SCRIPT_NAME is empty.
 */
function wsgiEnviron(source: EnvironSource, context: Context): WsgiEnviron {
  const { variables, protocol } = context;
  const url = new URL(source.url);
  const secure = url.protocol === "https:";
  const environ: Record<string, unknown> = Object.create(null);
  environ["QUERY_STRING"] = url.search.slice(1);
  environ["CONTENT_TYPE"] = "";
  environ["CONTENT_LENGTH"] = "";
  environ["SERVER_NAME"] = url.hostname;
  environ["SERVER_PORT"] = url.port || (secure ? "443" : "80");
  environ["SERVER_PROTOCOL"] = "HTTP/1.1";
  environ["SCRIPT_NAME"] = "";
  environ["PATH_INFO"] = "";
  for (const [name, value] of variables) {
    // A client's `Proxy` header must not become a setting of the server (httpoxy).
    if (name !== "HTTP_PROXY") environ[name] = valueText(value);
  }
  environ["REQUEST_METHOD"] = source.method;
  if (!variables.has("PATH_INFO") && protocol !== Protocol.Cgi) {
    environ["SCRIPT_NAME"] = "";
    environ["PATH_INFO"] = decodePath(url.pathname);
  }
  return Object.assign(environ, {
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": secure ? "https" : "http",
    "wsgi.input": source.input,
    "wsgi.errors": context.errors,
    "wsgi.multithread": false,
    "wsgi.multiprocess": true,
    "wsgi.run_once": protocol === Protocol.Cgi,
  }) as unknown as WsgiEnviron;
}

/** The path's bytes, one a character. What is not an escape stays as it is. */
function decodePath(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
