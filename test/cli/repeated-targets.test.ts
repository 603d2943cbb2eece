import { afterEach, expect, it } from "vitest";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { answering, type FakeServer, startFakeServer } from "../harness/fake-server.js";
import { pageOf, writePage } from "../status-page/page-writer.js";
import { captured, servePages } from "./apache-world.js";
import { runHere } from "./cli.js";

const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function startPool(): Promise<FakeServer> {
  const head = new TextEncoder().encode("Content-Type: text/plain\r\n\r\n");
  const page = writePage("text", pageOf([{}, {}]));
  const server = await startFakeServer(
    answering(
      Buffer.concat([
        encodeRecord(RecordType.Stdout, 1, Buffer.concat([head, page])),
        encodeEndRequest(1, 0, 0),
      ]),
    ),
  );
  servers.push(server);
  return server;
}

const warning = (...targets: string[]) =>
  `fcgi-probe: warning: given more than once, and read once: ${targets.join(", ")}\n`;

function expectDistinct(text: string): void {
  const samples = text
    .split("\n")
    .filter((line) => /^[a-z]/.test(line))
    .map((line) => line.slice(0, line.lastIndexOf(" ")));
  expect(samples.length).toBeGreaterThan(10);
  expect(samples).toEqual([...new Set(samples)]);
}

it("status reads it once for Prometheus", async () => {
  const [one, other] = [await startPool(), await startPool()];
  const targets = [one, other, one, one].map(({ address }) => address);
  const args = ["status", "--full", "--format", "prometheus", ...targets];
  const { code, stdout, stderr } = await runHere(args);
  expect([code, stderr]).toEqual([0, warning(one.address)]);
  expect([one.accepted, other.accepted]).toEqual([1, 1]);
  expectDistinct(stdout);
});

it("scrape reads it once for Prometheus", async () => {
  const [one, other] = [await startPool(), await startPool()];
  const stdin = [one, other, one, other, one].map(({ address }) => `${address}\n`).join("");
  const args = ["scrape", "-", "--full", "--format", "prometheus", one.address];
  const { code, stdout, stderr } = await runHere(args, { stdin });
  expect(code).toBe(0);
  expect(stderr).toContain(warning(one.address, other.address));
  expect(stderr).toMatch(/^2 targets: 2 ok \(2 saturated\) in /m);
  expect([one.accepted, other.accepted]).toEqual([1, 1]);
  expectDistinct(stdout);
});

it.each(["status", "scrape"])("%s reads it as often as it is given elsewhere", async (command) => {
  const { address } = await startPool();
  const args = [command, "--format", "json", address, address];
  const { code, stdout, stderr } = await runHere(args);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toHaveLength(2);
  expect(stderr).not.toContain("warning");
});

it("scrape names eight of many", async () => {
  const targets = Array.from({ length: 11 }, (_, index) => `127.0.0.1:1/${index}`);
  const { stderr } = await runHere(["scrape", "-", "--format", "prometheus"], {
    stdin: [...targets, ...targets].join("\n"),
  });
  const eight = targets.slice(0, 8).join(", ");
  expect(stderr).toContain(warning(`${eight} and 3 more`));
  expect(stderr).toMatch(/^11 targets: 0 ok, 11 refused in /m);
});

it("apache status reads it once for Prometheus, and shows no password", async () => {
  const url = await servePages(captured("prefork-idle"));
  const secret = url.replace("http://", "http://user:secret@");
  const args = ["apache", "status", "--format", "prometheus", url, secret, url, secret];
  const { code, stdout, stderr } = await runHere(args);
  expect(code).toBe(0);
  expect(stderr).toMatch(/given more than once, and read once: http:\S+, http:\S+\n$/);
  expect(stdout + stderr).not.toContain("secret");
  expectDistinct(stdout);
});
