import { describe, expect, it } from "vitest";
import { answering, startFakeServer } from "../harness/fake-server.js";
import { runExample } from "./run-example.js";

/** The answers of rTorrent 0.9.8, which ends its lines so. */
const respond = (...lines: readonly string[]): string => {
  const xml = ['<?xml version="1.0" encoding="UTF-8"?>', "<methodResponse>", ...lines, ""].join(
    "\r\n",
  );
  const length = Buffer.byteLength(xml);
  return `Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${length}\r\n\r\n${xml}`;
};
const downloads = respond(
  "<params>",
  "<param><value><array><data>",
  "<value><array><data>",
  "<value><string>debian &amp; friends\u001b[2J.iso</string></value>",
  "<value><i8>65536</i8></value>",
  "<value><i8>32768</i8></value>",
  "<value><i8>10</i8></value>",
  "<value><i8>4096</i8></value>",
  "</data></array></value>",
  "</data></array></value></param>",
  "</params>",
  "</methodResponse>",
);
const fault = respond(
  "<fault>",
  "<value><struct>",
  "<member><name>faultCode</name>",
  "<value><i4>-506</i4></value></member>",
  "<member><name>faultString</name>",
  "<value><string>Method 'nothing' not defined</string></value></member>",
  "</struct></value>",
  "</fault>",
  "</methodResponse>",
);

// rTorrent needs a network of its own, so a peer says what it has said. The example ran against it.
describe("examples/rtorrent-scgi.mjs", () => {
  it("asks for the downloads by XML-RPC, and lists them", async () => {
    await using peer = await startFakeServer(answering(downloads), { listen: "unix" });
    const address = `scgi://${peer.address}`;
    const { stdout, stderr, code } = await runExample("rtorrent-scgi.mjs", [address]);
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toBe(' 50 %  up 10  down 4096 B/s  "debian & friends\\u001b[2J.iso"\n');
    const sent = peer.peers[0]?.received().toString() ?? "";
    expect(sent).toMatch(/^\d+:CONTENT_LENGTH\0\d+\0/);
    expect(sent).toContain("<methodName>d.multicall2</methodName>");
    expect(sent).toContain("<value>d.up.rate=</value>");
  });

  it("fails with what rTorrent refuses", async () => {
    await using peer = await startFakeServer(answering(fault), { listen: "unix" });
    const { stderr, code } = await runExample("rtorrent-scgi.mjs", [`scgi://${peer.address}`]);
    expect(stderr).toContain("rTorrent refuses: -506 Method 'nothing' not defined");
    expect(code).toBe(1);
  });
});
