import { gunzipSync, inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { streamedText } from "../../src/exporter/respond.js";

/** Characters of one to four bytes, so that pieces end inside of a character wherever they end. */
const chunks = [
  "a",
  "",
  "é€".repeat(70_000),
  "😀".repeat(65_537),
  "b".repeat(300_000),
  `${"c".repeat(262_143)}€`,
  "the end\n",
];
const whole = chunks.join("");

async function bytesOf(headers: Record<string, string>): Promise<Buffer> {
  const request = new Request("http://exporter/metrics", { headers });
  return Buffer.from(await streamedText(request, "text/plain", chunks).arrayBuffer());
}

describe("a text that is sent in pieces", () => {
  it("arrives whole, whatever characters are at the ends of the pieces", async () => {
    expect((await bytesOf({})).equals(Buffer.from(whole))).toBe(true);
  });

  it("arrives whole compressed", async () => {
    const bytes = await bytesOf({ "accept-encoding": "gzip" });
    expect(bytes.length).toBeLessThan(whole.length / 20);
    expect(gunzipSync(bytes).toString()).toBe(whole);
  });

  it("is one member of a gzip file: browsers read no second one", async () => {
    const bytes = await bytesOf({ "accept-encoding": "gzip" });
    const [head, foot] = [10, 8];
    expect(inflateRawSync(bytes.subarray(head, -foot)).toString()).toBe(whole);
    expect(bytes.readUInt32LE(bytes.length - 4)).toBe(Buffer.byteLength(whole));
  });

  it("is one piece where it is short", async () => {
    const request = new Request("http://exporter/", { headers: { "accept-encoding": "gzip" } });
    const response = streamedText(request, "text/plain", ["short"]);
    const { value, done } = await (response.body as ReadableStream<Uint8Array>).getReader().read();
    expect(done).toBe(false);
    expect(gunzipSync(value as Uint8Array).toString()).toBe("short");
  });

  it("may be empty", async () => {
    const response = streamedText(new Request("http://exporter/"), "text/plain", ["", ""]);
    expect(await response.text()).toBe("");
  });
});
