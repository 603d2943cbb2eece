import { type ClientProtocol, Protocol } from "../address.js";
import {
  type RequestVariablesOptions,
  variablesFromRequest,
} from "../cgi/variables-from-request.js";
import type { GatewayResponse } from "./gateway-response.js";
import { contentOf, type RequestContent } from "./request-content.js";
import {
  type Backend,
  filterVariables,
  late,
  type SendOptions,
  sendThrough,
} from "./send-through.js";

export type { FilterData } from "./send-through.js";

export interface FetchOptions extends RequestVariablesOptions, SendOptions {}

/**
 * Sends a request over a channel. The response comes when its head is there; its body streams.
 *
 * @throws GatewayError
 */
export async function fetchThrough(
  backend: Backend,
  request: Request,
  options: FetchOptions = {},
): Promise<GatewayResponse> {
  const timeout = options.timeout ?? 30_000;
  const started = performance.now();
  const signal = AbortSignal.any([request.signal, ...(options.signal ? [options.signal] : [])]);
  const body = await readContent(request, options.contentLength, timeout, signal);
  const variables = [
    ...variablesFromRequest(request, {
      ...options,
      scriptName: options.scriptName ?? defaultScriptName(backend.protocol),
      contentLength: body.length,
    }),
    ...filterVariables(options.data),
  ];
  const { method } = request;
  return sendThrough(
    backend,
    { method, variables, body },
    { ...options, signal, timeout: Math.max(1, timeout - (performance.now() - started)) },
  );
}

/** The body, under the deadline of the whole exchange. */
async function readContent(
  request: Request,
  length: number | undefined,
  timeout: number,
  signal: AbortSignal,
): Promise<RequestContent> {
  const deadline = AbortSignal.timeout(Math.ceil(timeout));
  try {
    return await contentOf(request, length, AbortSignal.any([signal, deadline]));
  } catch (error) {
    throw deadline.aborted && !signal.aborted ? late("request body", timeout) : error;
  }
}

/**
 * An application behind SCGI or uwsgi answers all paths, and reads them from PATH_INFO; FastCGI and
 * CGI run the script that the path names.
 */
function defaultScriptName(protocol: ClientProtocol): string | undefined {
  return protocol === Protocol.Scgi || protocol === Protocol.Uwsgi ? "" : undefined;
}
