import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getValues } from "../../src/client/get-values.js";
import { encodePairs, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { describeWith } from "../harness/describe-with.js";
import { answering, httpRefusal, silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";

describeWith(["php-fpm"], "getValues from a real php-fpm", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "x", pm: "static", maxChildren: 1, listen: "unix" }],
    });
  });
  afterAll(() => fpm.stop());

  it("says that it does not multiplex", async () => {
    const values = await getValues(fpm.pool("x").address);
    expect([...values]).toEqual([["FCGI_MPXS_CONNS", "0"]]);
  });
});

describe("getValues", () => {
  const result = encodeRecord(
    RecordType.GetValuesResult,
    0,
    encodePairs([
      ["FCGI_MAX_CONNS", "10"],
      ["__proto__", "x"],
    ]),
  );

  it.each([1, 3, 1_000])("reads an answer in pieces of %i bytes", async (size) => {
    await using server = await startFakeServer(answering(result, size));
    const values = await getValues(server.address, ["FCGI_MAX_CONNS"]);
    expect([...values]).toEqual([
      ["FCGI_MAX_CONNS", "10"],
      ["__proto__", "x"],
    ]);
    expect(server.peers[0]?.received().toString("latin1")).toContain("FCGI_MAX_CONNS");
  });

  it("keeps its deadline: uWSGI never answers", async () => {
    await using server = await startFakeServer(silent);
    const failure = getValues(server.address, undefined, { timeout: 50 });
    await expect(failure).rejects.toMatchObject({ code: "deadline", address: server.address });
    await server.allClosed();
  });

  it("refuses options in the place of names", async () => {
    await using server = await startFakeServer(answering(result, 1_000));
    const misplaced = { timeout: 50 } as unknown as string[];
    await expect(getValues(server.address, misplaced)).rejects.toMatchObject({
      code: "bad_input",
      address: server.address,
      hint: expect.stringContaining("third argument"),
    });
  });

  it("tells a peer that speaks HTTP", async () => {
    await using server = await startFakeServer(httpRefusal);
    await expect(getValues(server.address)).rejects.toMatchObject({ code: "wrong_protocol" });
  });
});
