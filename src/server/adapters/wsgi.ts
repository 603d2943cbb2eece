import { type Context, type Handler, inputOf } from "../handler.js";
import { belowFetch } from "../responder.js";
import { type EnvironSource, type WsgiEnviron, wsgiEnviron } from "./wsgi-environ.js";
import { type WsgiChunk, WsgiResponse } from "./wsgi-response.js";

/** Strings travel as UTF-8. A lone chunk stands for a list of one. */
export type WsgiResult = WsgiChunk | Iterable<WsgiChunk> | AsyncIterable<WsgiChunk>;

/**
 * Begins the response: `"200 OK"`, and the header fields. Called again it must have `excInfo`, what
 * went wrong: the new head replaces the old one, and when that has been sent `excInfo` is thrown.
 *
 * @returns write: a chunk that comes before those of the result. It does not wait for the client
 */
export type StartResponse = (
  status: string,
  headers: Iterable<readonly [name: string, value: string]>,
  excInfo?: unknown,
) => (chunk: WsgiChunk) => void;

/** An application as WSGI has it (PEP 3333). `close` of what it returns is called in any case. */
export type WsgiApplication = (
  environ: WsgiEnviron,
  startResponse: StartResponse,
) => WsgiResult | Promise<WsgiResult>;

/**
 * The handler for an application of WSGI, as Python's wsgiref runs one: the head is sent with the
 * first chunk that is not empty; a list of one chunk gets a Content-Length, and so does no chunk at
 * all. WSGI has no word for CGI's local redirect (RFC 3875 §6.2.2): as for mod_wsgi it is the status
 * 200 with a Location that is a path, and no body.
 *
 * The handler rejects with what the application throws, and with an Error when it does not keep to
 * WSGI: `startResponse` never called or called twice, a bad status, headers that are not pairs of
 * strings, something that is no chunk. What `close` throws is logged: the answer is whole by then.
 *
 * It is below Fetch: the body of a GET is in `wsgi.input`, and any method is served.
 */
export function fromWsgi(application: WsgiApplication): Handler {
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
    (context) => {
      const method = context.variables.filled("REQUEST_METHOD") ?? "GET";
      return run({ method, url: context.url, input: context.input }, context);
    },
  );
}
