import { symlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freePort } from "../harness/ports.js";
import { makeFolder } from "../harness/server-process.js";
import { startTapping } from "./tapping.js";

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === "::1");

const spellings: [at: string, to: string][] = [
  ["127.0.0.1", "localhost"],
  ["127.0.0.1", "127.1"],
  ["127.0.0.1", "0.0.0.0"],
  ["0.0.0.0", "127.0.0.2"],
];
if (hasIpv6) spellings.push(["[::1]", "[0:0::1]"], ["[::]", "127.0.0.1"]);

it.each(spellings)("a tap that listens at %s does not tap %s of its own port", async (at, to) => {
  const port = await freePort();
  await expect(startTapping(`${to}:${port}`, { at: `${at}:${port}` })).rejects.toMatchObject({
    code: "bad_address",
    message: "the tap would connect to itself",
  });
});

it("a tap does not tap its own socket through a link", async () => {
  const folder = makeFolder();
  const [socket, link] = [join(folder, "tap.sock"), join(folder, "link.sock")];
  symlinkSync(socket, link);
  await expect(startTapping(`unix:${link}`, { at: `unix:${socket}` })).rejects.toMatchObject({
    message: "the tap would connect to itself",
  });
});

it("a tap starts before its backend can be looked up", async () => {
  const link = join(makeFolder(), "link.sock");
  symlinkSync(link, link);
  await using tapping = await startTapping(`unix:${link}`);
  expect(tapping.tap.address).toMatch(/^unix:/);
});

it("a tap listens beside its backend, on another address of the same port", async () => {
  const port = await freePort();
  await using tapping = await startTapping(`127.0.0.2:${port}`, { at: `127.0.0.1:${port}` });
  expect(tapping.tap.address).toBe(`127.0.0.1:${port}`);
});
