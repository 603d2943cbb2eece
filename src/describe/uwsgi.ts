import { type UwsgiPacket, UwsgiPacketDecoder } from "../uwsgi/packet-decoder.js";
import { excerpt, MessageDescriber, offsetLine, variableLines } from "./describer.js";

/** A uwsgi packet: its modifiers and variables, and the body after it. */
export class UwsgiDescriber extends MessageDescriber {
  readonly #decoder = new UwsgiPacketDecoder();

  protected *head(bytes: Uint8Array): Generator<string, void, undefined> {
    const packet = this.#decoder.push(bytes);
    if (packet === undefined) return;
    yield this.#packetLine(packet, this.received - packet.rest.length);
    yield* variableLines(packet.variables);
    this.beginBody(packet.rest, packet.variables.contentLength ?? 0);
  }

  protected endInHead(): void {
    this.#decoder.end();
  }

  #packetLine({ modifier1, modifier2, variables, content }: UwsgiPacket, length: number): string {
    return offsetLine(
      0,
      "packet".padEnd(16),
      `${length} bytes`,
      `modifier1 ${modifier1}`,
      `modifier2 ${modifier2}`,
      `${variables.size} variables`,
      content.length > 0 ? excerpt(content, this.most) : "",
    );
  }
}
