import { ByteCollector } from "../bytes.js";
import { checkVariable, type Variable, type VariableValue } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { MAX_DATA_SIZE, Modifier, PACKET_HEADER_LENGTH } from "./protocol.js";

export interface UwsgiPacketInit {
  /** The kind of the packet, 0 to 255. Default: 0, a request for WSGI. */
  modifier1?: number | undefined;
  /** A parameter of the kind, 0 to 255. Default: 0. */
  modifier2?: number | undefined;
  /**
   * The variables, as pairs or a Map, in the order in which they are sent. Of an object, give
   * `Object.entries(object)`. Default: none.
   */
  variables?: Iterable<Variable> | undefined;
}

/**
 * A uwsgi packet: a header, then variables with 16-bit little-endian lengths. The body of a request
 * follows unframed.
 *
 * @throws GatewayError `limit_exceeded` when the variables take more than 65,535 bytes, which the
 * header cannot express; `bad_input` for an empty name or a NUL
 */
export function encodePacket(init: UwsgiPacketInit): Uint8Array<ArrayBuffer> {
  const { modifier1 = Modifier.Wsgi, modifier2 = 0, variables = [] } = init;
  const packet = new ByteCollector();
  packet.push(new Uint8Array(PACKET_HEADER_LENGTH));
  for (const variable of variables) {
    checkVariable(variable);
    pushString(packet, variable[0]);
    pushString(packet, variable[1]);
  }
  const size = packet.length - PACKET_HEADER_LENGTH;
  if (size > MAX_DATA_SIZE) throw tooLarge(size);
  const bytes = packet.take();
  writeHeader(bytes, modifier1, size, modifier2);
  return bytes;
}

/** Adds a length and bytes. A length above 65,535 wraps around; the packet is then refused. */
function pushString(packet: ByteCollector, text: VariableValue): void {
  const start = packet.length;
  packet.pushByte(0);
  packet.pushByte(0);
  if (typeof text === "string") packet.pushText(text);
  else packet.push(text);
  const length = packet.length - start - 2;
  packet.bytes[start] = length;
  packet.bytes[start + 1] = length >>> 8;
}

/** The packet that checks that a uwsgi server answers. */
export function encodePing(): Uint8Array<ArrayBuffer> {
  return encodePacket({ modifier1: Modifier.Ping, modifier2: 0 });
}

/** The answer to a ping. */
export function encodePong(): Uint8Array<ArrayBuffer> {
  return encodePacket({ modifier1: Modifier.Ping, modifier2: 1 });
}

function writeHeader(target: Uint8Array, modifier1: number, size: number, modifier2: number): void {
  for (const modifier of [modifier1, modifier2]) {
    if (!Number.isInteger(modifier) || modifier < 0 || modifier > 255) {
      throw new GatewayError(ErrorCode.BadInput, `${modifier} is not a modifier, 0 to 255`);
    }
  }
  target[0] = modifier1;
  target[1] = size;
  target[2] = size >>> 8;
  target[3] = modifier2;
}

function tooLarge(size: number): GatewayError {
  return new GatewayError(
    ErrorCode.LimitExceeded,
    `the request's variables take ${size} bytes, and a uwsgi packet holds ${MAX_DATA_SIZE}`,
    {
      hint: "send fewer or shorter headers; a server takes 4096 bytes unless its buffer-size is raised, and never more than 65535",
    },
  );
}
