import type { CaptureEvent, CaptureFileReader } from "./capture.js";
import { type OtherPacket, segmentOf } from "./packet.js";
import type { PacketFileReader } from "./packet-file.js";
import { TcpStreams } from "./tcp-streams.js";

/** The TCP connections in a file of packets. */
export class PacketCaptureReader implements CaptureFileReader {
  readonly #file: PacketFileReader;
  readonly #streams: TcpStreams;
  readonly #others = new Map<OtherPacket, number>();

  /** @param port the port of the backend. Default: all connections, whose lower port it is */
  constructor(file: PacketFileReader, port: number | undefined) {
    this.#file = file;
    this.#streams = new TcpStreams(port);
  }

  get others(): string[] {
    return Array.from(this.#others, ([kind, count]) => `${kind} ${count}`);
  }

  *push(bytes: Uint8Array): Generator<CaptureEvent, void, undefined> {
    for (const packet of this.#file.push(bytes)) {
      const segment = segmentOf(packet);
      if (typeof segment !== "string") yield* this.#streams.take(segment);
      else this.#others.set(segment, (this.#others.get(segment) ?? 0) + 1);
    }
  }

  *end(): Generator<CaptureEvent, void, undefined> {
    yield* this.#streams.end();
    this.#file.end();
  }
}
