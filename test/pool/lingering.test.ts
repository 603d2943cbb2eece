import net from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { until } from "../harness/server-process.js";
import { type Master, startMaster } from "./master.js";

/** Says something, hears an answer, and does not close: the worker waits for what may still come. */
async function talk(master: Master, text: string, answer: RegExp): Promise<net.Socket> {
  const socket = net.connect({ path: master.socket, allowHalfOpen: true });
  let heard = "";
  socket.setEncoding("latin1").on("data", (bytes: string) => {
    heard += bytes;
  });
  socket.on("error", () => {});
  socket.write(text);
  await until(
    () => answer.test(heard),
    () => `heard ${JSON.stringify(heard)}`,
  );
  return socket;
}

const raw = fileURLToPath(new URL("raw-app.mjs", import.meta.url));

describe.each(["shared", "delegate"])("a connection that lingers: %s", (mode) => {
  it("holds no place of its worker when its head was refused", async () => {
    const args = ["--mode", mode, "--workers", "1", "--protocol", "scgi"];
    await using master = await startMaster(args);
    const began = performance.now();
    const first = await talk(master, "no netstring", /400 Bad Request/);
    const second = await talk(master, "no netstring", /400 Bad Request/);
    expect(performance.now() - began).toBeLessThan(1_500);
    first.destroy();
    second.destroy();
  });

  it("holds no place when its application has returned", async () => {
    const args = ["--mode", mode, "--workers", "1"];
    await using master = await startMaster(args, { application: raw });
    const began = performance.now();
    const first = await talk(master, "hello\nbye\n", /hello\n/);
    const second = await talk(master, "hello\nbye\n", /hello\n/);
    expect(performance.now() - began).toBeLessThan(1_500);
    first.destroy();
    second.destroy();
  });
});
