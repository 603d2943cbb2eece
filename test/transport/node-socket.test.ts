import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, isIPv6, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { targetAddress } from "../../src/client/connect.js";
import { gatewayFetch } from "../../src/client/fetch.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { nodeMajor } from "../../src/transport/node-internals.js";
import { connectOptions } from "../../src/transport/node-socket.js";

const servers: Server[] = [];
const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-endpoint-"));
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
});

/** A FastCGI application that answers `hi` to everything. */
async function listen(where: { path: string } | { host: string; port: number }): Promise<number> {
  const answer = Buffer.concat([
    encodeRecord(RecordType.Stdout, 1, Buffer.from("A: b\r\n\r\nhi")),
    encodeEndRequest(1, 0, 0),
  ]);
  const server = createServer((socket) => void socket.once("data", () => socket.end(answer)));
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(where, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function ask(address: string): Promise<string> {
  return (await gatewayFetch(address, new Request("http://localhost/"))).text();
}

describe("a request", () => {
  it.runIf(process.platform === "linux")("reaches an abstract socket", async () => {
    const name = `fcgi-probe-${process.pid}/a b`;
    await listen({ path: `\0${name}` });
    expect(await ask(`unix:@${name}:/status`)).toBe("hi");
  });

  it.runIf(process.platform === "linux")(
    "reaches one of another program, or says why not",
    async () => {
      const name = `fcgi-probe-other-${process.pid}`;
      const program =
        "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.bind('\\0'+sys.argv[1])\ns.listen()\n" +
        "print('up',flush=True)\nc=s.accept()[0]\nc.recv(9999)\n";
      const other = spawn("python3", ["-c", program, name], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      try {
        await once(other.stdout, "data");
        await expect(ask(`unix:@${name}`)).rejects.toMatchObject(
          nodeMajor < 22
            ? { code: "refused", hint: expect.stringContaining("use a later Node") }
            : { code: "closed_without_answer" },
        );
      } finally {
        other.kill();
      }
    },
  );

  it("says that nothing listens on an abstract socket", async () => {
    await expect(ask("unix:@fcgi-probe-nobody")).rejects.toMatchObject({
      code: process.platform === "linux" ? "refused" : "bad_address",
      address: "unix:@fcgi-probe-nobody",
    });
  });

  it.each(["a:b.sock", "a;b:c.sock"])("reaches the socket %s", async (name) => {
    const path = join(folder, name);
    await listen({ path });
    expect(await ask(`unix:${path}`)).toBe("hi");
    expect(await ask(`${path}:/status`)).toBe("hi");
    expect(targetAddress(`${path}:/status`).path).toBe("/status");
  });

  it("calls a folder a folder, and a file a file", async () => {
    const file = join(folder, "php.conf");
    writeFileSync(file, "");
    await expect(ask(folder)).rejects.toMatchObject({
      code: "socket_missing",
      message: "this is a folder, not a socket",
    });
    await expect(ask(`unix:${file}`)).rejects.toMatchObject({
      code: "socket_missing",
      message: "this is a file, not a socket",
    });
  });

  const zone = process.platform === "linux" ? "lo" : "lo0";

  it.each([zone, `${zone}@if2`])("goes through the interface %s", async (name) => {
    const port = await listen({ host: "::1", port: 0 });
    expect(await ask(`[::1%${name}]:${port}`)).toBe("hi");
  });

  it("names an interface that does not exist, and one that is missing", async () => {
    await expect(ask("[fe80::1%no.such-0]:9000")).rejects.toMatchObject({
      code: "connect_failed",
      message: "there is no network interface no.such-0",
    });
    await expect(ask("[fe80::1]:9000")).rejects.toMatchObject({
      code: "connect_failed",
      message: "a link-local address needs its interface",
    });
  });
});

describe("an interface", () => {
  it("that this Node cannot name is refused as such", () => {
    const connect = () => connectOptions({ host: "fe80::1%wl_an0", port: 9000 });
    if (isIPv6("fe80::1%wl_an0")) {
      expect(connect()).toMatchObject({ host: "fe80::1%wl_an0" });
    } else {
      expect(connect).toThrow(/Node \d+.* cannot name the network interface wl_an0/);
    }
  });
});
