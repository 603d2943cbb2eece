import { describe, expect, it } from "vitest";
import { uwsgiPing } from "../../src/client/uwsgi-ping.js";
import { WINDOW } from "../../src/engine/memory.js";
import { UwsgiPingClient } from "../../src/uwsgi/client.js";
import { engines } from "../engine/engines.js";
import { describeWith } from "../harness/describe-with.js";
import {
  answering,
  closing,
  httpRefusal,
  type Script,
  silent,
  startFakeServer,
} from "../harness/fake-server.js";
import { startUwsgi } from "../harness/uwsgi.js";

const hex = (text: string) => Buffer.from(text, "hex");

async function ping(script: Script, timeout = 1_000): Promise<string> {
  await using server = await startFakeServer(script);
  await uwsgiPing(`uwsgi://${server.address}`, { timeout });
  await server.allClosed();
  return server.peers[0]?.received().toString("hex") ?? "";
}

describe("a uwsgi ping", () => {
  it("sends modifier 100 with 0, and takes 100 with 1", async () => {
    expect(await ping(answering(hex("64000001")))).toBe("64000000");
  });

  it("takes a pong byte by byte", async () => {
    expect(await ping(answering(hex("64000001"), 1))).toBe("64000000");
  });

  it.each([
    ["another packet", answering(hex("64000000")), "wrong_protocol"],
    ["HTTP", httpRefusal, "wrong_protocol"],
    ["nothing", closing, "closed_without_answer"],
    ["half a pong", answering(hex("6400")), "truncated"],
  ])("says what is wrong with %s", async (_, script, code) => {
    await expect(ping(script)).rejects.toMatchObject({ code });
  });

  it("keeps its deadline", async () => {
    await expect(ping(silent, 50)).rejects.toMatchObject({ code: "deadline" });
  });

  it("is for uwsgi addresses alone", async () => {
    await expect(uwsgiPing("127.0.0.1:9000")).rejects.toMatchObject({ code: "bad_address" });
  });

  it.each(engines)("leaves what follows the pong alone, on the %s engine", (_, engine) => {
    let ends = 0;
    const ignore = () => {};
    const client = new UwsgiPingClient(
      { stdout: ignore, stderr: ignore, end: () => ends++ },
      engine,
    );
    engine.memory.set(hex("64000001ffff"), WINDOW);
    expect(client.receive(6)).toBe(4);
    expect([ends, client.ended, client.closed()]).toEqual([1, true, undefined]);
  });
});

describeWith(["uwsgi"], "a ping of a real uWSGI", () => {
  it.each(["unix", "tcp"] as const)("is answered over %s", async (listen) => {
    await using uwsgi = await startUwsgi({ processes: 1 });
    await expect(uwsgiPing(uwsgi.address("uwsgi", listen))).resolves.toBeUndefined();
  });
});
