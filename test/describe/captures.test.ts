import { describe, expect, it } from "vitest";
import { createDescriber } from "../../src/describe/create-describer.js";
import type { DescriberOptions } from "../../src/describe/recognise.js";
import { exchange, ipv4, pcap, pcapng, type Sent } from "../capture/packets.js";
import { attempt } from "../captures/drive.js";
import { begin, endStdin, join, params, record } from "../fastcgi/records-of.js";
import { fixture } from "../fixtures.js";

function linesOf(bytes: Uint8Array, options: DescriberOptions = {}) {
  const describer = createDescriber(options);
  const lines: string[] = [];
  const problem = attempt(() => {
    lines.push(...describer.push(bytes));
    for (const line of describer.end()) lines.push(line);
  });
  return { lines, problem };
}
const wire = (name: string, side: "c2s" | "s2c") => fixture(`wire/${name}--001.${side}.bin`);
const on = (ports: [number, number], sent: Sent[]) => sent.map((each) => ({ ...each, ports }));

/** What the describer says of one direction, marked as in a capture. */
const marked = (number: number, mark: string, bytes: Uint8Array, options: DescriberOptions = {}) =>
  linesOf(bytes, options).lines.map((line) => `#${number} ${mark} ${line}`);

describe("a capture of packets", () => {
  const post = ["apache-fpm--post", "apache-scgi--post", "apache-uwsgi--post"] as const;
  const names = ["FastCGI", "SCGI", "uwsgi"];
  const sent = post.flatMap((name, at) =>
    on([40_000 + at, 9_000 + at], exchange(wire(name, "c2s"), wire(name, "s2c"))),
  );
  const http = on([50_000, 80], exchange("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"));
  const ssh = on([50_001, 22], exchange("", "SSH-2.0-x\r\n"));
  const packets = [...http, ...sent, ...ssh].map(ipv4);

  it.each([
    ["pcap", pcap(packets)],
    ["pcapng", pcapng(packets)],
  ])("as %s shows both directions of each connection, by its own protocol", (_, file) => {
    const { lines, problem } = linesOf(file);
    expect(problem).toBeUndefined();
    const expected = post.flatMap((name, at) => [
      `#${at + 2} 10.0.0.1:${40_000 + at} > 10.0.0.2:${9_000 + at}  ${names[at]}`,
      ...marked(at + 2, ">", wire(name, "c2s")),
      ...marked(at + 2, "<", wire(name, "s2c")),
    ]);
    expect([...lines].sort()).toEqual([...expected, "left out: HTTP 1, not known 1"].sort());
  });

  it("shows only connections to the given port", () => {
    const { lines } = linesOf(pcap(packets), { port: 9_001 });
    expect(lines[0]).toBe("#1 10.0.0.1:40001 > 10.0.0.2:9001  SCGI");
    expect(lines.every((line) => line.startsWith("#1 "))).toBe(true);
  });

  it("without a connection that is described is refused", () => {
    const { lines, problem } = linesOf(pcap(http.map(ipv4)));
    expect(lines).toEqual(["left out: HTTP 1"]);
    expect(problem).toMatchObject({ code: "bad_input" });
  });

  it("of bytes that are no packets has no port", () => {
    expect(linesOf(begin(1), { port: 9_000 }).problem).toMatchObject({ code: "bad_input" });
  });
});

describe("a connection of FastCGI", () => {
  const client = (sequence: number, payload: Uint8Array): Sent => ({
    fromClient: true,
    sequence,
    acknowledgement: 1,
    payload,
  });

  it("is described again from the record after missing bytes", () => {
    const head = join(begin(1), params(1, { A: "hello" }));
    const sent = [
      { fromClient: true, sequence: 999, flags: 2 },
      client(1_000, head),
      client(1_000 + head.length + 100, join(record(5, 1, "x"), endStdin())),
      { fromClient: false, sequence: 1, acknowledgement: 1_300 },
    ];
    const { lines } = linesOf(pcap(sent.map(ipv4)));
    expect(lines.slice(-3)).toEqual([
      "#1 > 100 bytes are missing at byte 40: the capture does not have them",
      '#1 >      140  STDIN              id 1  content 1  padding 7  "x"',
      "#1 >      156  STDIN              id 1  content 0  padding 0  end of stream",
    ]);
  });

  it("that began before the capture is described from the first record that begins a segment", () => {
    const sent = [client(1_000, new Uint8Array(20)), client(1_020, begin(2))];
    const { lines } = linesOf(pcap(sent.map(ipv4)));
    expect(lines).toEqual([
      "#1 10.0.0.1:40000 > 10.0.0.2:9000  FastCGI",
      "#1 >        0  BEGIN_REQUEST      id 2  content 8  padding 0  role 1 (responder)  flags 1 (KEEP_CONN)",
    ]);
  });
});

it("the output of strace is described by the protocol of each descriptor", () => {
  const hex = (bytes: Uint8Array) =>
    [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  const read = (descriptor: number, bytes: Uint8Array) =>
    `12 read(${descriptor}, "${hex(bytes)}", 9999) = ${bytes.length}`;
  const file = [
    "12 accept(0, NULL, NULL) = 4",
    read(7, Buffer.from("<?php echo 1;")),
    read(4, begin(1).subarray(0, 8)),
    read(4, begin(1).subarray(8)),
    `12 write(4, "${hex(record(6, 1, "\x1b[2J"))}", 16) = 16`,
    "12 close(4) = 0",
  ];
  const { lines, problem } = linesOf(new Uint8Array(Buffer.from(file.join("\n"))));
  expect(problem).toBeUndefined();
  expect(lines).toEqual([
    "#2 process 12, descriptor 4  FastCGI",
    "#2 >        0  BEGIN_REQUEST      id 1  content 8  padding 0  role 1 (responder)  flags 1 (KEEP_CONN)",
    '#2 <        0  STDOUT             id 1  content 4  padding 4  "\\x1b[2J"',
    "left out: not known 1",
  ]);
});
