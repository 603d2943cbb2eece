import { describe, expect, it } from "vitest";
import { probeSettings } from "../../../src/exporter/probe/probe-settings.js";
import { readPool, readServer } from "../../../src/exporter/read-target.js";
import type { ProbeModule } from "../../../src/exporter/settings.js";
import { silent, startFakeServer } from "../../harness/fake-server.js";
import { startPhpFpm } from "../../harness/php-fpm.js";

const fpm: ProbeModule = { kind: "phpfpm", timeout: 3_000, processes: 64 };
const httpd: ProbeModule = { kind: "apache", timeout: 3_000, processes: 64 };
const modules = new Map([
  ["fpm", fpm],
  ["httpd", httpd],
]);
const limits = { timeout: 3_000, maxLength: 8_388_608, signal: new AbortController().signal };
const { signal } = limits;

describe("a real pool", () => {
  it("is read at the address that was checked, by a name that was resolved once", async () => {
    await using server = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "tcp" }],
    });
    const { bareAddress } = server.pool("www");
    const port = bareAddress.split(":").at(-1);
    let asked = 0;
    const resolve = async () => [asked++ === 0 ? "127.0.0.1" : "127.9.9.9"];
    const probe = probeSettings({ allow: [`127.0.0.1:${port}`], modules, debug: false, resolve });
    const target = await probe.allow(`pool.example:${port}/status`, fpm, signal);
    expect(target).toMatchObject({
      address: `pool.example:${port}/status`,
      connectTo: `127.0.0.1:${port}/status`,
    });
    expect((await readPool(target!, limits)).pool).toBe("www");
    expect(asked).toBe(1);
  });
});

describe("a target that is refused", () => {
  it("gets no connection, and a reason for the log", async () => {
    await using server = await startFakeServer(silent, { listen: "tcp" });
    const { port } = server.endpoint as { port: number };
    const probe = probeSettings({
      allow: [`10.0.0.0/8:${port}`, `http://10.0.0.7:${port}/server-status`],
      modules,
      debug: false,
    });
    const noRule = /^no rule allows the address, the port and the path$/;
    for (const host of ["127.0.0.1", "0x7f000001", "127.1", "2130706433", "localhost", "0"]) {
      await expect(probe.allow(`${host}:${port}/status`, fpm, signal)).rejects.toThrow(noRule);
      const page = `http://${host}:${port}/server-status`;
      await expect(probe.allow(page, httpd, signal)).rejects.toThrow(noRule);
    }
    const mapped = `[::ffff:127.0.0.1]:${port}/status`;
    await expect(probe.allow(mapped, fpm, signal)).rejects.toThrow(noRule);
    expect(server.accepted).toBe(0);
  });

  it("is one whose module reads another kind", async () => {
    const probe = probeSettings({ allow: ["127.0.0.1:9000"], modules, debug: false });
    const asHttpd = probe.allow("127.0.0.1:9000/status", httpd, signal);
    await expect(asHttpd).rejects.toThrow("the module reads apache");
    expect(await probe.allow("127.0.0.1:9000/status", fpm, signal)).toBeDefined();
  });
});

describe("an httpd", () => {
  it("is asked by the name that was resolved, unless the module names a host", async () => {
    const resolve = async () => ["127.0.0.1"];
    const rule = "http://127.0.0.0/8:8080/server-status";
    const probe = probeSettings({ allow: [rule], modules, debug: false, resolve });
    const page = "http://www.example:8080/server-status";
    const withHost = (host: string | undefined) => ({ ...httpd, http: { host, insecure: true } });
    expect(await probe.allow(page, withHost(undefined), signal)).toMatchObject({
      connectTo: "http://127.0.0.1:8080/server-status",
      http: { host: "www.example:8080", insecure: true, redirects: false },
    });
    expect(await probe.allow(page, withHost("other.example"), signal)).toMatchObject({
      http: { host: "other.example", redirects: false },
    });
  });

  it("is not followed to where it redirects", async () => {
    await using secret = await startFakeServer(silent, { listen: "tcp" });
    const { port: secretPort } = secret.endpoint as { port: number };
    for (const location of [`http://127.0.0.1:${secretPort}/`, "/admin"]) {
      await using server = await startFakeServer(
        async (peer) => {
          await peer.receive(1);
          await peer.send(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`);
          peer.end();
        },
        { listen: "tcp" },
      );
      const { port } = server.endpoint as { port: number };
      const rule = `http://127.0.0.1:${port}/server-status`;
      const probe = probeSettings({ allow: [rule], modules, debug: false });
      const target = await probe.allow(rule, httpd, signal);
      await expect(readServer(target!, limits)).rejects.toThrow(/redirect/);
      expect(server.accepted).toBe(1);
    }
    expect(secret.accepted).toBe(0);
  });
});
