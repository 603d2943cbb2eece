import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { serve } from "../../src/server/serve.js";
import { inheritedListener, parseListenAddress } from "../../src/transport/listen-address.js";

describe("an address to listen on", () => {
  it("is one of a client's, or has the port 0", () => {
    expect(parseListenAddress("127.0.0.1:0").endpoint).toEqual({ host: "127.0.0.1", port: 0 });
    expect(parseListenAddress("[::1]:0").endpoint).toEqual({ host: "::1", port: 0 });
    expect(parseListenAddress("127.0.0.1:9000").endpoint).toEqual({
      host: "127.0.0.1",
      port: 9_000,
    });
    expect(parseListenAddress("unix:/run/app.sock").endpoint).toEqual({
      socketPath: "/run/app.sock",
    });
  });
});

describe("a port to listen on, on all addresses of the machine,", () => {
  it.each([
    ["9000", "fcgi", 9_000],
    [":9000", "fcgi", 9_000],
    ["*:9000", "fcgi", 9_000],
    [" 9000 ", "fcgi", 9_000],
    ["65535", "fcgi", 65_535],
    ["0", "fcgi", 0],
    [":0", "fcgi", 0],
    ["*:0", "fcgi", 0],
    ["tcp://:9000", "fcgi", 9_000],
    ["fcgi://*:9000", "fcgi", 9_000],
    ["scgi://4000", "scgi", 4_000],
    ["uwsgi://:3031", "uwsgi", 3_031],
    ["http://8080", "http", 8_080],
    ["http://*:8080/", "http", 8_080],
    ["HTTP://:0", "http", 0],
  ])("is %j", (text, protocol, port) => {
    const endpoint = { host: "", port };
    expect(parseListenAddress(text)).toEqual({ protocol, endpoint, path: undefined, text });
  });

  it.each(["", ":", "*", "*:", "65536", ":99999", "-1", "90x"])("is not %j", (text) => {
    expect(() => parseListenAddress(text)).toThrow(
      expect.objectContaining({
        code: "bad_address",
        message: expect.stringContaining(`"${text}"`),
        hint: expect.stringContaining("9000 for all addresses"),
      }),
    );
  });

  it("is not the name of a socket", () => {
    expect(parseListenAddress("unix:9000").endpoint).toEqual({ socketPath: "9000" });
  });

  it("is served over IPv4 and IPv6", async () => {
    const server = await serve(() => new Response("here"), { listen: "*:0" });
    const port = server.address.replace(/^.*:/, "");
    // A machine without IPv6 has the address 0.0.0.0.
    const hosts = server.address.startsWith("[::]") ? ["127.0.0.1", "[::1]"] : ["127.0.0.1"];
    for (const host of hosts) {
      const answer = await gatewayFetch(`${host}:${port}`, new Request("http://app/"));
      expect(await answer.text()).toBe("here");
    }
    await server.close();
  });
});

describe("an address to listen on for HTTP", () => {
  it.each([
    ["http://127.0.0.1:8080", { host: "127.0.0.1", port: 8_080 }],
    ["HTTP://[::1]:8080/", { host: "::1", port: 8_080 }],
    ["http://127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["http://127.0.0.1:0/", { host: "127.0.0.1", port: 0 }],
    ["http://unix:/run/app.sock", { socketPath: "/run/app.sock" }],
    ["http:///run/app.sock", { socketPath: "/run/app.sock" }],
  ])("is %s", (text, endpoint) => {
    expect(parseListenAddress(text)).toMatchObject({ protocol: "http", endpoint, text });
  });

  it.each([
    "http://",
    "http://app.test",
    "http://scgi://127.0.0.1:1",
    "http://unix:/a\0b",
    "https://a:1",
  ])("is not %j", (text) => {
    expect(() => parseListenAddress(text)).toThrow(
      expect.objectContaining({ code: "bad_address" }),
    );
  });

  it("is none for a client", async () => {
    await expect(gatewayFetch("http://127.0.0.1:80", new Request("http://app/"))).rejects.toThrow(
      "has the protocol http, which is none of fcgi, scgi, uwsgi and cgi",
    );
  });
});

describe("a listener that was handed over", () => {
  it("by systemd is descriptor 3, for the process that it names", () => {
    expect(inheritedListener({ LISTEN_PID: `${process.pid}`, LISTEN_FDS: "1" })).toEqual({ fd: 3 });
    expect(inheritedListener({ LISTEN_PID: `${process.pid + 1}`, LISTEN_FDS: "1" })).not.toEqual({
      fd: 3,
    });
    expect(inheritedListener({ LISTEN_PID: `${process.pid}`, LISTEN_FDS: "0" })).not.toEqual({
      fd: 3,
    });
  });

  it("S3.3 as descriptor 0, as web servers and spawn-fcgi do, is served", async () => {
    const parent = net.createServer().listen(0, "127.0.0.1");
    await once(parent, "listening");
    const { port } = parent.address() as net.AddressInfo;
    const { fd } = (parent as unknown as { _handle: { fd: number } })._handle;
    const door = new URL("../../dist/server.js", import.meta.url).href;
    const program = `
      const { inheritedListener, serve } = await import(${JSON.stringify(door)});
      await serve(() => new Response("from descriptor 0"), { listen: inheritedListener() });
      console.log("ready");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: [fd, "pipe", "inherit"],
    });
    try {
      await once(child.stdout as NonNullable<typeof child.stdout>, "data");
      // From here on the child alone accepts.
      parent.close();
      const answer = await gatewayFetch(`127.0.0.1:${port}`, new Request("http://app/"));
      expect(await answer.text()).toBe("from descriptor 0");
    } finally {
      child.kill();
      await once(child, "exit");
    }
  });
});
