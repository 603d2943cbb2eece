import type { ClientHandlers, ClientMachine } from "../cgi/client-machine.js";
import { otherServerError } from "../cgi/spoken-protocol.js";
import { UntilCloseClient } from "../cgi/until-close-client.js";
import type { Engine } from "../engine/engine.js";
import { WINDOW } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { encodePacket, encodePing, type UwsgiPacketInit } from "./encode.js";
import { DEFAULT_BUFFER_SIZE, Modifier, PACKET_HEADER_LENGTH } from "./protocol.js";

/**
 * The client's side of one uwsgi request. It does no I/O. The response has a head of HTTP or CGI.
 *
 * @throws GatewayError `bad_input` or `limit_exceeded`, as {@link encodePacket}
 */
export function createUwsgiClient(
  request: UwsgiPacketInit,
  handlers: ClientHandlers,
  engine?: Engine,
): UntilCloseClient {
  const packet = encodePacket(request);
  const size = packet.length - PACKET_HEADER_LENGTH;
  const hint =
    size > DEFAULT_BUFFER_SIZE
      ? `the request's variables take ${size} bytes: a uWSGI closes on more than its buffer-size, ${DEFAULT_BUFFER_SIZE} unless it is set`
      : undefined;
  return new UntilCloseClient(packet, handlers, engine, hint);
}

/** Sends a ping and receives its pong: packets of modifier1 100, with 0 and 1 as modifier2. */
export class UwsgiPingClient implements ClientMachine {
  readonly #handlers: ClientHandlers;
  readonly #engine: Engine;
  readonly #header: number[] = [];

  constructor(handlers: ClientHandlers, engine: Engine = defaultEngine()) {
    this.#handlers = handlers;
    this.#engine = engine;
  }

  get ended(): boolean {
    return this.#header.length === PACKET_HEADER_LENGTH;
  }

  open(): Uint8Array[] {
    return [encodePing()];
  }

  body(): Uint8Array[] {
    return [];
  }

  endBody(): Uint8Array[] {
    return [];
  }

  abort(): Uint8Array[] {
    return [];
  }

  /** @throws GatewayError `wrong_protocol` for anything but a pong */
  receive(length: number): number {
    const taken = Math.min(length, PACKET_HEADER_LENGTH - this.#header.length);
    this.#header.push(...this.#engine.memory.subarray(WINDOW, WINDOW + taken));
    if (!this.ended) return taken;
    const [modifier1, , , modifier2] = this.#header;
    if (modifier1 !== Modifier.Ping || modifier2 !== 1) {
      const text = String.fromCharCode(...this.#header);
      const message = "the peer's answer is not a uwsgi pong";
      throw (
        otherServerError(text, "uwsgi") ??
        new GatewayError(ErrorCode.WrongProtocol, message, { offset: 0 })
      );
    }
    this.#handlers.end({ appStatus: 0, protocolStatus: 0 });
    return taken;
  }

  closed(): GatewayError | undefined {
    if (this.ended) return undefined;
    const length = this.#header.length;
    return new GatewayError(
      length === 0 ? ErrorCode.ClosedWithoutAnswer : ErrorCode.Truncated,
      length === 0
        ? "the connection was closed without a pong"
        : `the pong ends after ${length} bytes`,
      {
        hint: "does a uwsgi socket listen here, and has uWSGI loaded its ping plugin (in Debian: plugins = ping)?",
      },
    );
  }
}
