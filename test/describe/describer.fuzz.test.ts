import fc from "fast-check";
import { describe, expect } from "vitest";
import { createDescriber } from "../../src/describe/create-describer.js";
import { exchange, ipv4, pcap, pcapng } from "../capture/packets.js";
import { attempt } from "../captures/drive.js";
import { cut, mutated, points } from "../engine/arbitraries.js";
import { hostile } from "../fastcgi/arbitrary.js";
import { fixture } from "../fixtures.js";
import { fuzz } from "../harness/fuzz.js";

const names = ["nginx-fpm--get", "nginx-scgi--post", "nginx-uwsgi--get"];
const wires = names.map((name) => fixture(`wire/${name}--001.c2s.bin`));
const packets = wires.flatMap((bytes) => exchange(bytes, "Status: 200 OK\r\n\r\n")).map(ipv4);
const texts = [
  'accept(0, NULL, NULL) = 4\nread(4, "\\x01\\x01\\0\\1\\0\\10\\0\\0", 8) = 8\nclose(4) = 0\n',
  "HTTP/1.1 200 OK\r\nX: y\r\n\r\nbody",
].map((text) => new Uint8Array(Buffer.from(text)));
const captures = [...wires, ...texts, pcap(packets), pcapng(packets)];

function linesOf(chunks: readonly Uint8Array[]) {
  const describer = createDescriber();
  const lines: string[] = [];
  const problem = attempt(() => {
    for (const chunk of chunks) for (const line of describer.push(chunk)) lines.push(line);
    for (const line of describer.end()) lines.push(line);
  });
  return { lines, problem };
}

describe("a describer of any bytes", () => {
  fuzz("prints the same at any cut, without a control character", () =>
    fc.property(
      fc.oneof(mutated(fc.constantFrom(...captures)), mutated(hostile)),
      points,
      (bytes, points) => {
        const whole = linesOf([bytes]);
        expect(linesOf(cut(bytes, points))).toEqual(whole);
        expect(whole.lines.filter((line) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line))).toEqual([]);
      },
    ),
  );
});
