import type { CaptureFileReader } from "../../src/capture/capture.js";
import { PacketCaptureReader } from "../../src/capture/packet-capture.js";
import { packetFileReader } from "../../src/capture/packet-file.js";
import { attempt, type Problem } from "../captures/drive.js";
import { latin1 } from "../captures/plain.js";

/** What a reader finds in chunks: each event in short, such as `#1 client: text`. */
export function eventsOf(reader: CaptureFileReader, chunks: readonly Uint8Array[]) {
  const events: string[] = [];
  const take = (all: ReturnType<CaptureFileReader["push"]>) => {
    for (const event of all) {
      const mark = `#${event.connection}`;
      switch (event.kind) {
        case "begun":
          events.push(`${mark} begun ${event.name}${event.fromStart ? "" : ", on the way"}`);
          break;
        case "bytes":
          events.push(`${mark} ${event.side}: ${latin1(event.bytes)}`);
          break;
        case "missing":
          events.push(`${mark} ${event.side} lacks ${event.length}`);
          break;
        case "closed":
          events.push(`${mark} closed`);
      }
    }
  };
  const problem: Problem | undefined = attempt(() => {
    for (const chunk of chunks) take(reader.push(chunk));
    take(reader.end());
  });
  return { events, problem, others: reader.others };
}

/** The same of a file of packets. */
export function packetEvents(
  file: Uint8Array,
  chunks: readonly Uint8Array[] = [file],
  port?: number,
) {
  const packets = packetFileReader(file);
  if (packets === undefined) throw new Error("no file of packets");
  return eventsOf(new PacketCaptureReader(packets, port), chunks);
}
