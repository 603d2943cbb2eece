import { afterEach, expect, it } from "vitest";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { answering, type FakeServer, startFakeServer } from "../harness/fake-server.js";
import { pageOf, writePage } from "../phpfpm/page-writer.js";
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

function samplesOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => /^[a-z]/.test(line))
    .map((line) => line.slice(0, line.lastIndexOf(" ")));
}

it.each(["table", "text", "json", "prometheus"])("status reads it once (%s)", async (format) => {
  const [one, other] = [await startPool(), await startPool()];
  const targets = [one, other, one, one].map(({ address }) => address);
  const { code, stdout, stderr } = await runHere(["status", "--format", format, ...targets]);
  expect([code, stderr]).toEqual([0, warning(one.address)]);
  expect([one.accepted, other.accepted]).toEqual([1, 1]);
  expect(stdout.split(one.address).length).toBeGreaterThan(1);
});

it.each(["ndjson", "json", "table", "prometheus"])("scrape reads it once (%s)", async (format) => {
  const [one, other] = [await startPool(), await startPool()];
  const stdin = [one, other, one, other, one].map(({ address }) => `${address}\n`).join("");
  const args = ["scrape", "-", "--full", "--format", format, one.address];
  const { code, stdout, stderr } = await runHere(args, { stdin });
  expect(code).toBe(0);
  expect(stderr).toContain(warning(one.address, other.address));
  expect(stderr).toMatch(/^2 targets: 2 ok in /m);
  expect([one.accepted, other.accepted]).toEqual([1, 1]);
  const samples = samplesOf(stdout);
  if (format === "prometheus") expect(samples).toEqual([...new Set(samples)]);
});

it("scrape names eight of many", async () => {
  const targets = Array.from({ length: 11 }, (_, index) => `127.0.0.1:1/${index}`);
  const { stderr } = await runHere(["scrape", "-"], {
    stdin: [...targets, ...targets].join("\n"),
  });
  const eight = targets.slice(0, 8).join(", ");
  expect(stderr).toContain(warning(`${eight} and 3 more`));
  expect(stderr).toMatch(/^11 targets: 0 ok, 11 refused in /m);
});

it.each(["text", "prometheus"])(
  "apache status reads it once, and shows no password (%s)",
  async (form) => {
    const url = await servePages(captured("prefork-idle"));
    const secret = url.replace("http://", "http://user:secret@");
    const args = ["apache", "status", "--format", form, url, secret, url, secret];
    const { code, stdout, stderr } = await runHere(args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/given more than once, and read once: http:\S+, http:\S+\n$/);
    expect(stdout + stderr).not.toContain("secret");
    const samples = samplesOf(form === "text" ? "" : stdout);
    expect(samples).toEqual([...new Set(samples)]);
  },
);
