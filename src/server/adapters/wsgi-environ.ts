import { Protocol } from "../../address.js";
import { valueText } from "../../cgi/variables.js";
import type { Context, ErrorStream } from "../handler.js";

/**
 * What an application of WSGI gets of a request (PEP 3333). Texts are byte strings: each character
 * is a byte, from U+0000 to U+00FF. It has no prototype.
 */
export interface WsgiEnviron {
  [name: string]: unknown;
  readonly REQUEST_METHOD: string;
  readonly SCRIPT_NAME: string;
  readonly PATH_INFO: string;
  readonly QUERY_STRING: string;
  /** Empty when the request has none, and so is CONTENT_LENGTH. */
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

/** What an environ tells besides the variables. */
export interface EnvironSource {
  method: string;
  url: string;
  input: ReadableStream<Uint8Array>;
}

/**
 * The environ of a request: its variables, and what WSGI adds. Front ends that do not say PATH_INFO
 * have told the whole path by the request's URL: it is then PATH_INFO, and SCRIPT_NAME is empty.
 */
export function wsgiEnviron(source: EnvironSource, context: Context): WsgiEnviron {
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
    // A client's `Proxy` header must not pass for a setting of the server's (httpoxy).
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

/** The path's bytes, one a character. What is no escape stays. */
function decodePath(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
