import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { getValues } from "../../src/client/get-values.js";
import { startMaster } from "./master.js";

const args = ["--mode", "delegate", "--pm", "static", "--workers", "3", "--affinity"];
const cookie = (session: string) => ({ cookie: `session="${session}"` });

describe("a pool with session affinity", () => {
  it("S2.37 sends a session's requests to one worker, and sessions to different ones", async () => {
    await using master = await startMaster(args);
    const sessions = ["a", "b", "c", "a", "b", "c", "c", "a", "b"];
    const pids = new Map<string, Set<number>>();
    for (const session of sessions) {
      const { pid } = await master.request("/", cookie(session));
      pids.set(session, (pids.get(session) ?? new Set()).add(pid));
    }
    expect([...pids.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(new Set([...pids.values()].flatMap((set) => [...set])).size).toBe(3);
  });

  it("sends a session to the worker that has set its cookie", async () => {
    await using master = await startMaster(args);
    for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      const client = { "x-forwarded-for": address };
      for (const session of ["a", "b", "c"].map((letter) => letter + address)) {
        const begun = await master.request(`/?session=${session}`, client);
        const next = await master.request("/", { ...client, ...cookie(session) });
        expect(next.pid).toBe(begun.pid);
      }
    }
  });

  it("S2.37 passes on the bytes that it has read, the body included", async () => {
    await using master = await startMaster(args);
    const body = "x".repeat(300_000);
    const request = new Request("http://localhost/body", { method: "POST", body });
    const response = await gatewayFetch(master.address, request, { timeout: 10_000 });
    expect(await response.text()).toMatch(/^\d+ 300000 bytes$/);
  });

  it("S2.37 lets 15 connections of a session wait for its worker, and refuses the next", async () => {
    await using master = await startMaster(args);
    const first = await master.request("/", cookie("a"));
    const busy = master.request("/sleep?ms=1200", cookie("a"));
    await sleep(200);
    const waiting = Array.from({ length: 16 }, () =>
      master.request("/", cookie("a")).then(
        ({ pid }) => pid,
        ({ code }: { code: string }) => code,
      ),
    );
    const other = await master.request("/", cookie("b"));
    expect(other.pid).not.toBe(first.pid);
    expect(other.time).toBeLessThan(1_000);
    await busy;
    const outcomes = await Promise.all(waiting);
    expect(outcomes.filter((outcome) => outcome === first.pid)).toHaveLength(15);
    expect(outcomes.filter((outcome) => outcome === "overloaded")).toHaveLength(1);
  });

  it("S2.37 gives a session another worker when its own has died", async () => {
    await using master = await startMaster(args);
    const { pid } = await master.request("/", cookie("a"));
    process.kill(pid, "SIGKILL");
    await master.logged("exited on signal SIGKILL");
    const next = await master.request("/", cookie("a"));
    expect(next.pid).not.toBe(pid);
    expect((await master.request("/", cookie("a"))).pid).toBe(next.pid);
  });

  it("S2.37 passes on a connection that needs an answer before it sends a request", async () => {
    await using master = await startMaster(args);
    const values = await getValues(master.address, undefined, { timeout: 5_000 });
    expect(values.get("FCGI_MPXS_CONNS")).toBe("0");
  });

  it("S2.37 survives clients that leave, send invalid bytes or are silent", async () => {
    await using master = await startMaster(args);
    for (const bytes of ["", "GET / HTTP/1.1\r\n\r\n", "\x01\x01\x00\x01"]) {
      const socket = connect(master.socket);
      socket.on("error", () => {});
      socket.end(bytes, "latin1");
      socket.resume();
      await new Promise((resolve) => socket.on("close", resolve));
    }
    const silent = connect(master.socket);
    expect((await master.request("/", cookie("a"))).text).toBe("hello");
    silent.destroy();
    await master.hasWorkers(3);
  });
});
