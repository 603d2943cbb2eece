import { expect, it } from "vitest";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { fixture } from "../fixtures.js";
import { answering, startFakeServer } from "../harness/fake-server.js";
import { runHere } from "./cli.js";

const formats = {
  status: ["table", "json", "prometheus"],
  scrape: ["ndjson", "json", "table", "prometheus"],
};

it.each(
  Object.entries(formats).flatMap(([command, names]) => names.map((name) => [command, name])),
)("%s --format %s warns of a count that differs from the page's processes", async (...args) => {
  const [command = "", format = ""] = args;
  const head = new TextEncoder().encode("Content-Type: text/plain\r\n\r\n");
  const page = Buffer.concat([head, fixture("fpm-cases/total-too-low.txt")]);
  await using pool = await startFakeServer(
    answering(Buffer.concat([encodeRecord(RecordType.Stdout, 1, page), encodeEndRequest(1, 0, 0)])),
  );
  const { code, stderr } = await runHere([command, "--full", "--format", format, pool.address]);
  expect(code).toBe(0);
  expect(stderr.split("\n").filter((line) => line.includes("warning"))).toEqual([
    `fcgi-probe: ${pool.address}: warning: the page lists 15 processes and its total says 1`,
  ]);
});
