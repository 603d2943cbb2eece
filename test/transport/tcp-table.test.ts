import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ProcFileSystem } from "../../src/apache/processes/process-table.js";
import { listenersAt } from "../../src/transport/tcp-table.js";

const heading =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
/** A line of the table of sockets, on a little-endian machine. */
const line = (local: string, inode: number, state = "0A") =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000064930508 100 0 0 10 0\n`;
const loopback4 = "0100007F";
const any4 = "00000000";
const any6 = "0".repeat(32);
const loopback6 = "00000000000000000000000001000000";
const mapped = "0000000000000000FFFF00000100007F";
const global6 = "B80D0120000000000000000001000000"; // 2001:db8::1

const at = (address: string, tcp: string[], tcp6: string[] = [], port = 80) =>
  listenersAt({ tcp: heading + tcp.join(""), tcp6: heading + tcp6.join("") }, address, port);

describe("which sockets take connections to an address", () => {
  it.each([
    ["127.0.0.1", [line(`${loopback4}:0050`, 7)], []],
    ["127.0.0.1", [line(`${any4}:0050`, 7)], []],
    ["127.0.0.1", [], [line(`${any6}:0050`, 7)]],
    ["127.0.0.1", [], [line(`${mapped}:0050`, 7)]],
    ["::ffff:127.0.0.1", [line(`${loopback4}:0050`, 7)], []],
    ["::1", [], [line(`${loopback6}:0050`, 7)]],
    ["::1", [], [line(`${any6}:0050`, 7)]],
    ["2001:db8::1", [], [line(`${global6}:0050`, 7)]],
    ["2001:DB8:0:0:0:0:0:1%eth0", [], [line(`${global6}:0050`, 7)]],
  ])("%s", (address, tcp, tcp6) => {
    expect(at(address, tcp, tcp6)).toEqual(["7"]);
  });

  it.each([
    ["another port", "127.0.0.1", [line(`${loopback4}:0051`, 7)], []],
    ["another address", "127.0.0.2", [line(`${loopback4}:0050`, 7)], []],
    ["IPv4 alone", "::1", [line(`${any4}:0050`, 7)], []],
    ["a connection", "127.0.0.1", [line(`${loopback4}:0050`, 7, "01")], []],
    ["no address", "localhost", [line(`${loopback4}:0050`, 7)], []],
    ["half a line", "127.0.0.1", [`   0: ${loopback4}:0050 0000`], []],
  ])("none of %s", (_, address, tcp, tcp6) => {
    expect(at(address, tcp, tcp6)).toEqual([]);
  });

  it("the one at the address itself, before one at all of them", () => {
    const tcp = [line(`${any4}:0050`, 1), line(`${loopback4}:0050`, 2)];
    expect(at("127.0.0.1", tcp)).toEqual(["2"]);
    expect(at("127.0.0.2", tcp, [line(`${any6}:0050`, 3)])).toEqual(["1"]);
  });

  it("all that share it", () => {
    const tcp = [line(`${any4}:0050`, 1), line(`${any4}:0050`, 2)];
    expect(at("127.0.0.1", tcp)).toEqual(["1", "2"]);
  });
});

describe.runIf(process.platform === "linux")("the sockets of this machine", () => {
  it.each(["127.0.0.1", "0.0.0.0", "::1", "::"])("are found where %s listens", async (host) => {
    const server = createServer().listen(0, host);
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const table = new ProcFileSystem();
    const asked = host.includes(":") ? "::1" : "127.0.0.1";
    const inodes = table.listeners(asked, port);
    expect(inodes).toHaveLength(1);
    expect(table.sockets(process.pid)).toContain(inodes[0]);
    expect(table.sockets(process.ppid)).not.toContain(inodes[0]);
  });
});
