import { describe, expect, it } from "vitest";
import { packetFileReader } from "../../src/capture/packet-file.js";
import { hex } from "../bytes.js";
import { cuts } from "../cuts.js";
import { join } from "../fastcgi/records-of.js";
import { packetEvents } from "./events-of.js";
import { block, exchange, ipv4, ipv6, links, pcap, pcapng } from "./packets.js";

const sent = exchange("question", "answer");
const events = (client: string, backend: string) => [
  `#1 begun ${client}:40000 > ${backend}:9000`,
  "#1 client: question",
  "#1 backend: answer",
  "#1 closed",
];
const overIpv4 = events("10.0.0.1", "10.0.0.2");
const overIpv6 = events("[fd00::1]", "[fd00::2]");

describe("a file of packets", () => {
  it.each([...links])(
    "on %s has the connections in it, over IPv4 and IPv6",
    (_, [linkType, frame]) => {
      const ofFour = pcap(
        sent.map((each) => frame(ipv4(each))),
        { linkType },
      );
      const ofSix = pcap(
        sent.map((each) => frame(ipv6(each))),
        { linkType },
      );
      expect(packetEvents(ofFour)).toEqual({ events: overIpv4, problem: undefined, others: [] });
      expect(packetEvents(ofSix)).toEqual({ events: overIpv6, problem: undefined, others: [] });
    },
  );

  const packets = sent.map(ipv4);
  const files: [string, Uint8Array][] = [
    ["pcap, little endian", pcap(packets)],
    ["pcap, big endian", pcap(packets, { littleEndian: false })],
    ["pcap, in nanoseconds", pcap(packets, { magic: 0xa1b23c4d })],
    ["pcapng, little endian", pcapng(packets)],
    ["pcapng, big endian", pcapng(packets, { littleEndian: false })],
    ["pcapng of simple packets", pcapng(packets, { kind: 3 })],
    ["pcapng of old packets", pcapng(packets, { kind: 2 })],
    [
      "pcapng of two sections",
      join(pcapng(packets.slice(0, 4)), pcapng(packets.slice(4), { littleEndian: false })),
    ],
  ];

  it.each(files)("as %s is read the same, however it is cut", (_, file) => {
    for (const [how, chunks] of cuts(file)) {
      expect(packetEvents(file, chunks).events, how).toEqual(overIpv4);
    }
  });

  it.each(files)("as %s that ends early is truncated, after the events before", (_, file) => {
    const { events, problem } = packetEvents(file.subarray(0, -3));
    expect(events.slice(0, 3)).toEqual(overIpv4.slice(0, 3));
    expect(problem).toMatchObject({ code: "truncated" });
  });

  const first = ipv4(sent[0]!);
  const section = block(0x0a0d0d0a, hex("4d3c2b1a 01000000 ffffffff ffffffff"));
  it.each([
    [
      "a packet of 16 MiB and more",
      join(pcap([]), hex("00000000 00000000 01000001 01000001")),
      "limit_exceeded",
      24,
    ],
    ["a link type that is not known", pcap([first], { linkType: 147 }), "malformed", 24],
    ["a block of 11 bytes", join(section, hex("06000000 0b000000 00000000")), "malformed", 28],
    ["a block of 32 MiB", join(section, hex("06000000 00000002 00000000")), "limit_exceeded", 28],
    ["a packet of no interface", join(section, block(6, new Uint8Array(20))), "malformed", 28],
    [
      "a packet that is longer than its block",
      join(pcapng([]), block(6, hex("00000000 00000000 00000000 ff000000 ff000000"))),
      "malformed",
      72,
    ],
    ["a block that is too short", join(pcapng([]), block(6, hex("00000000"))), "malformed", 72],
    ["no known byte order", block(0x0a0d0d0a, new Uint8Array(16)), "malformed", 0],
  ])("with %s is refused, with the offset", (_, file, code, offset) => {
    expect(packetEvents(file).problem).toMatchObject({ code, offset });
  });

  it("is known by its first four bytes", () => {
    expect(packetFileReader(hex("01010001"))).toBeUndefined();
    expect(packetFileReader(hex("d4c3b2"))).toBeUndefined();
  });
});

describe("packets without TCP to read", () => {
  it("are counted", () => {
    const fragment = ipv4(sent[3]!);
    fragment[6] = 0x20;
    const udp = ipv4(sent[3]!);
    udp[9] = 17;
    const arp = ipv4(sent[3]!);
    arp[0] = 0;
    const { others, events } = packetEvents(pcap([fragment, udp, arp, first(30)]));
    expect(events).toEqual([]);
    expect(others).toEqual([
      "fragments of packets 1",
      "packets without TCP 2",
      "packets cut in a header 1",
    ]);
  });

  const first = (length: number) => ipv4(sent[0]!).subarray(0, length);
});
