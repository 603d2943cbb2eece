import { describe, expect, it } from "vitest";
import { unwrapMessage, wrapMessage } from "../../src/pool/messages.js";
import { makeFolder } from "../harness/server-process.js";
import { startMaster, writeApplication } from "./master.js";

/** Messages of an application: some have a meaning for Node, some for the pool, some for neither. */
const sent = [
  null,
  0,
  "ready",
  [],
  {},
  [null, { kind: "maxRequestsReached" }],
  ...["ready", "taken", "maxRequestsReached", "failed", "slow", "stop", "start"].map((kind) => ({
    kind,
  })),
  { kind: "failed", reason: { toString: null } },
  { kind: "slow", text: 1 },
  { kind: "session", id: "short" },
  { kind: "room", places: 1e9 },
  { kind: "room", places: -1 },
  { cmd: "NODE_HANDLE_ACK" },
  { cmd: "NODE_HANDLE_NACK" },
  { cmd: "NODE_HANDLE", type: "net.Socket" },
  { cmd: "NODE_CLUSTER" },
];

const sending = `
const messages = ${JSON.stringify(sent)};
let called = 0;
const send = () => {
  for (const message of messages) process.send(message, (error) => { called += error === null; });
};
send();
export default async () => {
  send();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return new Response(process.pid + " " + called / messages.length);
};`;

describe.each(["shared", "delegate"])("an application of a %s pool that sends messages", (mode) => {
  it("neither ends nor steers the master", async () => {
    const application = writeApplication(makeFolder(), sending);
    await using master = await startMaster(["--workers", "1", "--mode", mode], { application });
    const [worker] = master.workers;
    for (let request = 2; request <= 6; request++) {
      expect(await master.request("/")).toMatchObject({ pid: worker, text: `${request}` });
    }
    expect(master.workers).toEqual([worker]);
    expect(master.log).not.toMatch(/slow request|WARNING: .*exited|cannot load/);
  });
});

/** Ways past `process.send`: JSON or not, on the descriptor, and what only Node itself sends. */
const garbling = `
import { writeSync } from "node:fs";
const ways = {
  "/text": () => writeSync(3, "not json\\n"),
  "/half": () => writeSync(3, '{"kind":\\n{"kind":"ready"}\\n'),
  "/null": () => writeSync(3, "null\\n1\\n[]\\n"),
  "/acknowledgement": () => process._send({ cmd: "NODE_HANDLE_ACK" }),
};
export default async (request) => {
  ways[new URL(request.url).pathname]?.();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return new Response(process.pid + " served");
};`;

describe.each(["shared", "delegate"])(
  "a worker of a %s pool that writes to its channel",
  (mode) => {
    it.each(["/text", "/half", "/null", "/acknowledgement"])(
      "does not end the master: %s",
      async (path) => {
        const application = writeApplication(makeFolder(), garbling);
        await using master = await startMaster(["--workers", "1", "--mode", mode], { application });
        await master.request(path).catch(() => {});
        expect(await master.request("/")).toMatchObject({ text: "served" });
        expect(master.log).not.toMatch(/ at |ERR_INTERNAL/);
      },
    );
  },
);

describe("a message of a worker", () => {
  it.each(sent)("is none without its key: %j", (message) => {
    expect(unwrapMessage("key", message, 1)).toBeUndefined();
    expect(unwrapMessage("key", ["another key", message], 1)).toBeUndefined();
  });

  it("has a form", () => {
    const taken = (message: unknown) => unwrapMessage("key", ["key", message], 4);
    expect(unwrapMessage("key", wrapMessage("key", { kind: "ready" }), 4)).toEqual({
      kind: "ready",
    });
    expect(taken({ kind: "room", places: 4 })).toEqual({ kind: "room", places: 4 });
    for (const places of [5, 0, -1, 0.5, "1", null, undefined]) {
      expect(taken({ kind: "room", places })).toBeUndefined();
    }
    for (const message of [null, undefined, 1, "ready", {}, { kind: "other" }]) {
      expect(taken(message)).toBeUndefined();
    }
    expect(taken({ kind: "failed", reason: 1, hint: 2 })).toEqual({
      kind: "failed",
      reason: "1",
      hint: "2",
    });
    const id = `${"x".repeat(43)}=`;
    expect(taken({ kind: "session", id })).toEqual({ kind: "session", id });
    for (const other of [`x${id}`, "", 1, undefined]) {
      expect(taken({ kind: "session", id: other })).toBeUndefined();
    }
    expect(taken({ kind: "slow", text: "x".repeat(100_000) })).toMatchObject({
      text: "x".repeat(65_536),
    });
  });
});
