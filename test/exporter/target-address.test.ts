import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readTarget } from "../../src/exporter/read-target.js";
import { queueSocket } from "../../src/exporter/target-address.js";
import { targetOf } from "./targets.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "target address "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const limits = { timeout: 1_000, maxLength: 65_536, signal: new AbortController().signal };

it("is that of the socket that exists, where its name has a colon", () => {
  const socketPath = join(folder, "shop:blue.sock");
  writeFileSync(socketPath, "");
  expect(queueSocket(targetOf(`unix:${socketPath}:/status`))).toEqual({ socketPath });
});

it("is found again after a read has failed: the socket may exist by then", async () => {
  const socketPath = join(folder, "shop:green.sock");
  const target = targetOf(`unix:${socketPath}:/status`);
  await expect(readTarget(target, limits)).rejects.toMatchObject({ code: "socket_missing" });
  writeFileSync(socketPath, "");
  expect(queueSocket(target)).toEqual({ socketPath });
});

it("is none where the address cannot be read", () => {
  expect(queueSocket(targetOf("no address"))).toBeUndefined();
});
