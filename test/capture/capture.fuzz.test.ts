import fc from "fast-check";
import { describe, expect } from "vitest";
import { packetFileReader } from "../../src/capture/packet-file.js";
import { StraceReader } from "../../src/capture/strace.js";
import {
  encodeCaptureStart,
  encodeFrame,
  TapCaptureReader,
} from "../../src/capture/tap-capture.js";
import { cut, mutated, points } from "../engine/arbitraries.js";
import { join } from "../fastcgi/records-of.js";
import { fuzz } from "../harness/fuzz.js";
import { eventsOf, packetEvents } from "./events-of.js";
import { ipv4, ipv6, links, pcap, pcapng } from "./packets.js";

const sent = fc.record({
  fromClient: fc.boolean(),
  sequence: fc.oneof(fc.nat(60), fc.constantFrom(2 ** 31, 2 ** 32 - 3)),
  acknowledgement: fc.nat(60),
  flags: fc.constantFrom(0, 0, 0, 1, 2, 4),
  payload: fc.string({ maxLength: 20 }),
  ports: fc.constantFrom([40_000, 9_000] as const, [40_001, 9_000] as const),
});
const files = fc
  .tuple(
    fc.array(sent, { maxLength: 30 }),
    fc.constantFrom(...links.values()),
    fc.constantFrom(ipv4, ipv6),
    fc.constantFrom(undefined, 2, 3, 6),
    fc.boolean(),
  )
  .map(([all, [linkType, frame], ip, kind, littleEndian]) => {
    const packets = all.map((each) => frame(ip(each)));
    const options = { linkType, littleEndian };
    return kind === undefined ? pcap(packets, options) : pcapng(packets, { ...options, kind });
  });

const call = fc
  .tuple(
    fc.constantFrom("read", "write", "recvfrom", "writev", "close", "accept", "sendmsg"),
    fc.nat(9),
    fc.string({ maxLength: 12 }),
    fc.integer({ min: -1, max: 20 }),
    fc.constantFrom("", "12 ", "[pid 13] "),
  )
  .map(([name, descriptor, data, result, process]) =>
    name.startsWith("w") && name.endsWith("v")
      ? `${process}${name}(${descriptor}, [{iov_base="${data}", iov_len=3}], 1) = ${result}`
      : `${process}${name}(${descriptor}, "${data}", 9) = ${result}`,
  );
const straces = fc
  .array(fc.oneof(call, fc.string({ maxLength: 30 })), { maxLength: 20 })
  .map((lines) => new Uint8Array(Buffer.from(lines.join("\n"))));

const taps = fc
  .array(fc.tuple(fc.nat(3), fc.constantFrom("client", "backend", "closed"), fc.uint8Array()))
  .map((frames) =>
    join(
      encodeCaptureStart("scgi"),
      ...frames.map(([connection, kind, content]) => encodeFrame(connection, kind, content)),
    ),
  );

describe("captures of any bytes", () => {
  fuzz("of packets are read the same at any cut, or refused", () =>
    fc.property(mutated(files), points, (bytes, points) => {
      if (packetFileReader(bytes) === undefined) return;
      const whole = packetEvents(bytes);
      expect(packetEvents(bytes, cut(bytes, points))).toEqual(whole);
      // Each connection begins once, and closes once.
      const numbers = (word: string) =>
        whole.events
          .filter((event) => event.includes(` ${word}`))
          .map((event) => event.split(" ")[0]);
      expect(new Set(numbers("begun")).size).toBe(numbers("begun").length);
    }),
  );

  fuzz("of strace are read the same at any cut", () =>
    fc.property(mutated(straces), points, (bytes, points) => {
      const whole = eventsOf(new StraceReader(), [bytes]);
      expect(whole.problem).toBeUndefined();
      expect(eventsOf(new StraceReader(), cut(bytes, points))).toEqual(whole);
    }),
  );

  fuzz("of a tap are read the same at any cut, or refused", () =>
    fc.property(mutated(taps), points, (bytes, points) => {
      const whole = eventsOf(new TapCaptureReader(), [bytes]);
      expect(eventsOf(new TapCaptureReader(), cut(bytes, points))).toEqual(whole);
    }),
  );
});
