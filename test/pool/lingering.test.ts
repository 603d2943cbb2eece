import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Peer } from "../harness/peer.js";
import { type Master, startMaster } from "./master.js";

/** Sends a text, waits for an answer, and does not close, so that the worker lingers. */
async function exchange(master: Master, text: string, answer: RegExp): Promise<Peer> {
  const peer = new Peer({ path: master.socket }).send(text);
  await peer.has(answer);
  return peer;
}

const raw = fileURLToPath(new URL("raw-app.mjs", import.meta.url));

describe.each(["shared", "delegate"])("a connection that lingers: %s", (mode) => {
  it("holds no place of its worker when its head was refused", async () => {
    const args = ["--mode", mode, "--workers", "1", "--protocol", "scgi"];
    await using master = await startMaster(args);
    const began = performance.now();
    const first = await exchange(master, "no netstring", /400 Bad Request/);
    const second = await exchange(master, "no netstring", /400 Bad Request/);
    expect(performance.now() - began).toBeLessThan(1_500);
    first.socket.destroy();
    second.socket.destroy();
  });

  it("holds no place when its application has returned", async () => {
    const args = ["--mode", mode, "--workers", "1"];
    await using master = await startMaster(args, { application: raw });
    const began = performance.now();
    const first = await exchange(master, "hello\nbye\n", /hello\n/);
    const second = await exchange(master, "hello\nbye\n", /hello\n/);
    expect(performance.now() - began).toBeLessThan(1_500);
    first.socket.destroy();
    second.socket.destroy();
  });
});
