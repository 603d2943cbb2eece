import { type UwsgiPacket, UwsgiPacketDecoder } from "../../uwsgi/codec.js";
import { BodyDescriber, type Describer, excerpt, offsetLine, variableLines } from "./describer.js";

/** A uwsgi packet: its modifiers and variables, and the body behind it. */
export class UwsgiDescriber implements Describer {
  readonly #decoder = new UwsgiPacketDecoder();
  readonly #most: number;
  #received = 0;
  #body: BodyDescriber | undefined;

  /** @param most how many bytes of the body are shown */
  constructor(most: number) {
    this.#most = most;
  }

  *push(bytes: Uint8Array): Generator<string, void, undefined> {
    this.#received += bytes.length;
    if (this.#body !== undefined) return this.#body.push(bytes);
    const packet = this.#decoder.push(bytes);
    if (packet === undefined) return;
    const bodyStart = this.#received - packet.rest.length;
    yield this.#packetLine(packet, bodyStart);
    yield* variableLines(packet.variables);
    this.#body = new BodyDescriber(bodyStart, packet.variables.contentLength ?? 0, this.#most);
    this.#body.push(packet.rest);
  }

  *end(): Generator<string, void, undefined> {
    if (this.#body === undefined) this.#decoder.end();
    else yield* this.#body.end();
  }

  #packetLine({ modifier1, modifier2, variables, content }: UwsgiPacket, length: number): string {
    return offsetLine(
      0,
      "packet".padEnd(16),
      `${length} bytes`,
      `modifier1 ${modifier1}`,
      `modifier2 ${modifier2}`,
      `${variables.size} variables`,
      content.length > 0 ? excerpt(content, this.#most) : "",
    );
  }
}
