import { describe, expect, it } from "vitest";
import { packetEvents } from "./events-of.js";
import { FIN, ipv4, pcap, RST, type Sent, SYN } from "./packets.js";

const client = (sequence: number, payload = "", more: Partial<Sent> = {}): Sent => ({
  fromClient: true,
  sequence,
  payload,
  ...more,
});
const backend = (sequence: number, payload = "", more: Partial<Sent> = {}): Sent => ({
  fromClient: false,
  sequence,
  payload,
  ...more,
});
const syn = client(99, "", { flags: SYN });

/** The events of one connection, without its beginning and end. */
function bytesOf(sent: readonly Sent[], port?: number): string[] {
  const { events, problem } = packetEvents(pcap(sent.map(ipv4)), undefined, port);
  expect(problem).toBeUndefined();
  return events.filter((event) => !/ (?:begun|closed)/.test(event));
}

describe("the segments of a connection", () => {
  it("that are sent again, as a whole or in part, count once", () => {
    const sent = [
      syn,
      client(100, "abc"),
      client(100, "abc"),
      client(101, "bcde"),
      client(99, "x"),
    ];
    expect(bytesOf(sent)).toEqual(["#1 client: abc", "#1 client: de"]);
  });

  it("that are out of order are put in order", () => {
    const sent = [syn, client(106, "gh"), client(103, "def"), client(103, "d"), client(100, "abc")];
    expect(bytesOf(sent)).toEqual(["#1 client: abc", "#1 client: def", "#1 client: gh"]);
  });

  it("that the capture lacks are missing once the receiver has confirmed them", () => {
    const sent = [
      syn,
      client(100, "abc"),
      client(106, "gh"),
      backend(500, "", { acknowledgement: 103 }),
      backend(500, "", { acknowledgement: 108 }),
      client(103, "too late"),
    ];
    expect(bytesOf(sent)).toEqual([
      "#1 client: abc",
      "#1 client lacks 3",
      "#1 client: gh",
      "#1 client: ate",
    ]);
  });

  it("that the capture lacks are missing at the end", () => {
    const sent = [syn, client(103, "def"), client(110, "", { flags: FIN })];
    expect(bytesOf(sent)).toEqual(["#1 client lacks 3", "#1 client: def", "#1 client lacks 4"]);
  });

  it("that the capture cuts are missing in part", () => {
    const packets = [client(100, "abcdef"), client(106, "gh")].map(ipv4);
    const { events } = packetEvents(pcap([ipv4(syn), ...packets], { snap: 48 }));
    expect(events.slice(1, -1)).toEqual(["#1 client: abcd", "#1 client lacks 2", "#1 client: gh"]);
  });

  it("may pass the largest sequence number", () => {
    const start = 2 ** 32 - 2;
    const sent = [client(start - 1, "", { flags: SYN }), client(2, "efg"), client(start, "abcd")];
    expect(bytesOf(sent)).toEqual(["#1 client: abcd", "#1 client: efg"]);
  });

  it("may begin on the way: then the lower port is the backend's, or the given one", () => {
    const sent = [backend(7, "yes"), client(100, "more")];
    expect(bytesOf(sent)).toEqual(["#1 backend: yes", "#1 client: more"]);
    expect(bytesOf(sent, 40_000)).toEqual(["#1 client: yes", "#1 backend: more"]);
    expect(bytesOf(sent, 80)).toEqual([]);
  });

  it("that wait for others are given up at 4 MiB", () => {
    const big = "x".repeat(60_000);
    const sent = Array.from({ length: 80 }, (_, at) => client(200 + at * 60_000, big));
    const events = bytesOf([syn, ...sent]);
    expect(events[0]).toBe("#1 client lacks 100");
    expect(events.slice(1).join("").match(/x/g)).toHaveLength(80 * 60_000);
  });
});

describe("connections", () => {
  it("end with both sides' last bytes, or a reset; another may follow between the same ports", () => {
    const { events } = packetEvents(
      pcap(
        [
          syn,
          client(100, "one", { flags: FIN }),
          backend(500, "two", { flags: FIN }),
          client(100, "one", { flags: FIN }),
          client(7_099, "", { flags: SYN }),
          client(7_100, "three"),
          backend(900, "", { flags: RST }),
          client(70_099, "", { flags: SYN }),
          client(70_100, "four"),
          client(99, "", { flags: SYN, ports: [40_001, 9_000] }),
        ].map(ipv4),
      ),
    );
    const name = "10.0.0.1:40000 > 10.0.0.2:9000";
    expect(events).toEqual([
      `#1 begun ${name}`,
      "#1 client: one",
      "#1 backend: two",
      "#1 closed",
      `#2 begun ${name}`,
      "#2 client: three",
      "#2 closed",
      `#3 begun ${name}`,
      "#3 client: four",
      "#4 begun 10.0.0.1:40001 > 10.0.0.2:9000",
      "#3 closed",
      "#4 closed",
    ]);
  });

  it("beyond the limit close the oldest", () => {
    const sent = Array.from({ length: 4_097 }, (_, at) =>
      client(1, "", { flags: SYN, ports: [10_000 + at, 9_000] }),
    );
    const { events } = packetEvents(pcap(sent.map(ipv4)));
    expect(events.indexOf("#1 closed")).toBe(4_096);
  });
});
