import { type ClientProtocol, Protocol } from "../address.js";
import { isFetchRequest, wrongArgument } from "../arguments.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { checkStreams, type DuplexStreams, streamConnector } from "../transport/web-streams.js";
import { connectionPerRequest, type OpenChannel } from "./channel.js";
import { checkOptions } from "./check-options.js";
import type { GatewayResponse } from "./response-receiver.js";
import { type FetchOptions, fetchThrough } from "./send-request.js";

export type { DuplexStreams };

/** `connect()` of workerd returns streams before it knows whether anything listens. */
const SILENT_HINT = "or nothing listens there: these streams end alike in both cases";

/** A channel for one request over a pair of Web Streams, which are closed at its end. */
export function channelOver(streams: DuplexStreams): OpenChannel {
  checkStreams(streams);
  return connectionPerRequest(streamConnector(streams), SILENT_HINT);
}

/**
 * Sends one request over a connection that is already open, such as one of Cloudflare's `connect()`,
 * `Deno.connect()` or a service binding. Closes it when the answer is complete.
 *
 * @throws GatewayError
 * @throws TypeError that names a wrong argument
 */
export async function gatewayFetchOver(
  streams: DuplexStreams,
  request: Request,
  options: FetchOptions & { protocol?: ClientProtocol | undefined } = {},
): Promise<GatewayResponse> {
  checkOptions("options", options);
  if (!isFetchRequest(request)) throw wrongArgument("request", request, "a Request");
  const { protocol = Protocol.FastCgi } = options;
  if (protocol === Protocol.Cgi) {
    throw new GatewayError(ErrorCode.BadInput, "a CGI program is run, not connected to");
  }
  return fetchThrough({ open: channelOver(streams), protocol }, request, options);
}
