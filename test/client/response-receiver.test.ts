import { describe, expect, it, vi } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { GatewayFetchInit } from "../../src/client/fetch-options.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { answering, type Script, startFakeServer } from "../harness/fake-server.js";

const record = (type: RecordType, text: string) => encodeRecord(type, 1, Buffer.from(text));
const head = record(RecordType.Stdout, "A: b\r\n\r\nbody");
const end = encodeEndRequest(1, 0, 0);

describe("a backend's error stream", () => {
  it("is cut in the message of a failure, which says so", async () => {
    const errors = record(RecordType.Stderr, "x".repeat(60_000));
    await using server = await startFakeServer(answering(Buffer.concat([errors, errors, end])));
    const failure = gatewayFetch(server.address, new Request("http://h/"));
    await expect(failure).rejects.toMatchObject({
      code: "closed_without_answer",
      address: server.address,
      stderr: `${"x".repeat(65_536)}\n… and 54464 more bytes`,
    });
  });

  it("waits for what takes it", async () => {
    const errors = record(RecordType.Stderr, "x".repeat(60_000));
    let sent = 0;
    const script: Script = async (peer) => {
      await peer.receive(1);
      for (; sent < 400; sent++) await peer.send(errors);
      await peer.send(Buffer.concat([head, end]));
      peer.end();
    };
    await using server = await startFakeServer(script);
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let taken = 0;
    const response = gatewayFetch(server.address, new Request("http://h/"), {
      limits: { stderr: Number.MAX_SAFE_INTEGER },
      onStderr: (bytes) => {
        taken += bytes.length;
        return gate;
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(taken).toBeLessThan(1_000_000);
    release();
    expect(await (await response).text()).toBe("body");
    expect(taken).toBe(400 * 60_000);
  });
});

describe("a caller's function that fails", () => {
  const fail = (): never => {
    throw new Error("the disk is full");
  };
  const stderr = record(RecordType.Stderr, "oops");
  const answer = Buffer.concat([stderr, head]);

  it.each<readonly [string, GatewayFetchInit]>([
    ["onHead", { onHead: fail }],
    ["a promise of onHead", { onHead: async () => fail() }],
    ["onStderr", { onStderr: fail }],
    ["a promise of onStderr", { onStderr: async () => fail() }],
  ])("fails its request, and nothing else: %s", async (_, init) => {
    await using server = await startFakeServer(answering(answer));
    const whole = gatewayFetch(server.address, "/", init).then((response) => response.text());
    await expect(whole).rejects.toMatchObject({
      code: "bad_input",
      message: "the reader of the response failed: Error: the disk is full",
    });
  });

  it("changes nothing if it only traces", async () => {
    const shown = vi.spyOn(console, "error").mockImplementation(() => {});
    await using server = await startFakeServer(answering(Buffer.concat([answer, end])));
    const pieces: Uint8Array[] = [];
    // It returns a length, as programs without types do.
    const onStderr = ((bytes) => pieces.push(bytes)) as (bytes: Uint8Array) => void;
    const response = await gatewayFetch(server.address, "/", { trace: fail, onStderr });
    expect(await response.text()).toBe("body");
    expect(pieces).toHaveLength(1);
    expect(shown).toHaveBeenCalled();
    shown.mockRestore();
  });
});

describe("a response's body", () => {
  it("fails with the address", async () => {
    await using server = await startFakeServer(answering(head));
    const response = await gatewayFetch(server.address, new Request("http://h/"));
    await expect(response.text()).rejects.toMatchObject({
      code: "truncated",
      address: server.address,
    });
    await expect(response.ended).rejects.toMatchObject({ address: server.address });
  });

  it("says that it was not read in time", async () => {
    const script: Script = async (peer) => {
      await peer.receive(1);
      await peer.send(head);
      await peer.send(record(RecordType.Stdout, "x".repeat(60_000)));
    };
    await using server = await startFakeServer(script);
    const response = await gatewayFetch(server.address, new Request("http://h/"), {
      timeout: 300,
      bufferedBody: 1_000,
    });
    await expect(response.ended).rejects.toMatchObject({
      code: "deadline",
      message: expect.stringMatching(/^the answer was not read within \d+ ms$/),
    });
  });
});

it("the head is passed on unchanged", async () => {
  const text = "Status: 201 Made\r\nX-One: 1\nx-one: 2\r\n\r\n";
  const answer = Buffer.concat([record(RecordType.Stdout, `${text}body`), end]);
  await using server = await startFakeServer(answering(answer, 1));
  let came = "";
  const response = await gatewayFetch(server.address, new Request("http://h/"), {
    onHead: (bytes) => {
      came += Buffer.from(bytes).toString();
    },
  });
  expect(await response.text()).toBe("body");
  expect(came).toBe(text);
});
