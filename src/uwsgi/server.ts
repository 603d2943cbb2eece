import {
  OneRequestServer,
  type RequestHead,
  type RequestHeadReader,
} from "../cgi/one-request-server.js";
import type { ServerHandlers } from "../cgi/server-machine.js";
import type { Engine } from "../engine/engine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Limits } from "../limits.js";
import { encodePong } from "./encode.js";
import { UwsgiPacketDecoder } from "./packet-decoder.js";
import { isRequest, Modifier } from "./protocol.js";

export interface UwsgiServerOptions {
  /** Values of `variables` above 65,535 have no effect: a packet holds no more. */
  limits?: Partial<Pick<Limits, "variables">> | undefined;
  engine?: Engine | undefined;
}

/**
 * The application's side of a uwsgi connection. It does no I/O. It answers with HTTP/1.1's status
 * line, as uWSGI does, and answers pings with pongs.
 */
export function createUwsgiServer(
  handlers: ServerHandlers,
  options: UwsgiServerOptions = {},
): OneRequestServer {
  const { engine, limits } = options;
  const reader = new UwsgiHeadReader({ limit: limits?.variables }, engine);
  return new OneRequestServer(reader, handlers, "status-line");
}

/** Reads requests and pings, and refuses other packets. */
class UwsgiHeadReader implements RequestHeadReader {
  readonly #decoder: UwsgiPacketDecoder;

  constructor(options: { limit: number | undefined }, engine: Engine | undefined) {
    this.#decoder = new UwsgiPacketDecoder(options, engine);
  }

  push(bytes: Uint8Array): RequestHead | Uint8Array | undefined {
    const packet = this.#decoder.push(bytes);
    if (packet === undefined) return undefined;
    const { modifier1, modifier2, variables, rest } = packet;
    if (modifier1 === Modifier.Ping && modifier2 === 0) return encodePong();
    if (!isRequest(modifier1)) {
      throw new GatewayError(
        ErrorCode.Malformed,
        `the uwsgi packet is not a request: its modifiers are ${modifier1} and ${modifier2}`,
        { offset: 0, hint: "requests have 0 to 30; a front end has its own setting for it" },
      );
    }
    return { variables, contentLength: variables.contentLength ?? 0, rest };
  }

  end(): void {
    this.#decoder.end();
  }
}
