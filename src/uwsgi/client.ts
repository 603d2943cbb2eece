import type { ClientHandlers } from "../cgi/client-machine.js";
import { UntilCloseClient } from "../cgi/until-close-client.js";
import type { Engine } from "../engine/engine.js";
import { encodePacket, type UwsgiPacketInit } from "./encode.js";
import { DEFAULT_BUFFER_SIZE, HEADER_LENGTH } from "./protocol.js";

/**
 * One uwsgi request, without I/O. The answer is a response of HTTP or of CGI.
 *
 * @throws GatewayError `bad_input` or `limit_exceeded`, see {@link encodePacket}
 */
export function createUwsgiClient(
  request: UwsgiPacketInit,
  handlers: ClientHandlers,
  engine?: Engine,
): UntilCloseClient {
  const packet = encodePacket(request);
  const size = packet.length - HEADER_LENGTH;
  const hint =
    size > DEFAULT_BUFFER_SIZE
      ? `the request's variables take ${size} bytes: a uWSGI closes on more than its buffer-size, ${DEFAULT_BUFFER_SIZE} unless it is set`
      : undefined;
  return new UntilCloseClient(packet, handlers, engine, hint);
}
