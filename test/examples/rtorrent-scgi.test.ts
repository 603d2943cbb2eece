import { describe, expect, it } from "vitest";
import { answering, startFakeServer } from "../harness/fake-server.js";
import { runExample } from "./run-example.js";

const respond = (xml: string): string =>
  `Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(xml)}\r\n\r\n${xml}`;
const value = (type: string, text: string | number): string =>
  `<value><${type}>${text}</${type}></value>\r\n`;

// As rTorrent 0.9.8 writes it.
const DOWNLOADS = `<?xml version="1.0" encoding="UTF-8"?>\r\n<methodResponse>\r\n<params>\r\n<param><value><array><data>\r\n${[
  ["debian &amp; friends\u001b[2J.iso", 4_000_000_000, 1_000_000_000, 1024, 4096],
  ["", 10, 10, 0, 0],
]
  .map(
    ([name = "", ...numbers]) =>
      `<value><array><data>\r\n${value("string", name)}${numbers.map((number) => value("i8", number)).join("")}</data></array></value>\r\n`,
  )
  .join("")}</data></array></value></param>\r\n</params>\r\n</methodResponse>\r\n`;
const FAULT =
  '<?xml version="1.0"?>\r\n<methodResponse>\r\n<fault><value><struct>\r\n<member><name>faultCode</name>\r\n<value><i4>-506</i4></value></member>\r\n<member><name>faultString</name>\r\n<value><string>Method not defined</string></value></member>\r\n</struct></value></fault>\r\n</methodResponse>\r\n';

// rTorrent itself needs a terminal and a network, so a peer answers what it has answered.
describe("examples/rtorrent-scgi.mjs", () => {
  it("asks for the downloads by XML-RPC, and lists them", async () => {
    await using peer = await startFakeServer(answering(respond(DOWNLOADS)), { listen: "unix" });
    const { stdout, stderr, code } = await runExample("rtorrent-scgi.mjs", [
      `scgi://${peer.address}`,
    ]);
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout.split("\n")).toEqual([
      ' 25 %  up 1024  down 4096 B/s  "debian & friends\\u001b[2J.iso"',
      '100 %  up 0  down 0 B/s  ""',
      "",
    ]);
    const sent = peer.peers[0]?.received().toString() ?? "";
    expect(sent).toMatch(/^\d+:CONTENT_LENGTH\0(\d+)\0/);
    expect(sent).toContain("<methodName>d.multicall2</methodName>");
    expect(sent).toContain("<value>d.up.rate=</value>");
  });

  it("fails with what rTorrent refuses", async () => {
    await using peer = await startFakeServer(answering(respond(FAULT)), { listen: "unix" });
    const { stderr, code } = await runExample("rtorrent-scgi.mjs", [`scgi://${peer.address}`]);
    expect(stderr).toContain("rTorrent refuses: -506 Method not defined");
    expect(code).toBe(1);
  });
});
