import { writeSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Variables } from "../../src/cgi/variables.js";
import { Places } from "../../src/pool/places.js";
import { countersOf } from "../../src/pool/scoreboard/counters.js";
import { SlotRanges } from "../../src/pool/scoreboard/keeper.js";
import { recordAt, SlotState, Word } from "../../src/pool/scoreboard/layout.js";
import { decodeTexts, encodeTexts, textsOf } from "../../src/pool/scoreboard/request-texts.js";
import { PoolScoreboard, type ScoreboardHeader } from "../../src/pool/scoreboard/scoreboard.js";
import { SlotWriter } from "../../src/pool/scoreboard/slot-writer.js";
import { pageFor } from "../../src/pool/status-pages.js";
import { isListening } from "../../src/transport/proc-net.js";
import { until } from "../harness/server-process.js";

const request = (uri: string) =>
  new Variables([
    ["REQUEST_METHOD", "GET"],
    ["SCRIPT_NAME", uri],
    ["CONTENT_LENGTH", "12"],
    ["REMOTE_USER", "ann"],
  ]);
const record: ScoreboardHeader = {
  pool: "shop",
  processManager: "static",
  startTime: 1_000_000,
  pastRequests: 100,
  pastSlow: 2,
  maxActive: 1,
  maxChildrenReached: 3,
  listenQueue: 4,
  maxListenQueue: 5,
  listenQueueLen: 511,
  slots: 3,
};

describe("a scoreboard", () => {
  let board: PoolScoreboard;
  beforeEach(() => {
    board = PoolScoreboard.create();
  });
  afterEach(() => board.close());

  it("adds up the numbers of running workers and of those that have exited", () => {
    board.writeHeader(record);
    const [busy, idle] = [0, 2].map((slot) => new SlotWriter(board.descriptor, slot, 3));
    busy?.begin(request("/a"));
    busy?.end();
    busy?.begin(request("/b"));
    idle?.begin(request("/c"));
    idle?.end();
    expect(countersOf(board, true)).toMatchObject({
      pool: "shop",
      acceptedConn: 103,
      idleProcesses: 1,
      activeProcesses: 1,
      maxActiveProcesses: 2,
      maxChildrenReached: 3,
      slowRequests: 2,
      processes: [
        { pid: process.pid, state: "Running", requests: 2, requestUri: "/b", contentLength: 12 },
        { pid: process.pid, state: "Idle", requests: 1, requestUri: "/c", user: "ann" },
      ],
    });
  });

  it("frees the slots of a worker that has exited", () => {
    board.writeHeader(record);
    new SlotWriter(board.descriptor, 1, 3).begin(request("/a"));
    board.clear(1, 1);
    expect(countersOf(board, true)).toMatchObject({ acceptedConn: 100, processes: [] });
  });

  it("is read again while a slot is half written, up to a limit", () => {
    const slot = new SlotWriter(board.descriptor, 0, 1);
    slot.begin(request("/a"));
    writeSync(board.descriptor, Uint32Array.of(77), 0, 4, recordAt(0) + Word.Sequence * 4);
    expect(board.readSlots(0, 1)).toMatchObject([{ state: SlotState.Running, requests: 1 }]);
  });

  it("keeps the last complete record of the pool while the next one is half written", () => {
    board.writeHeader(record);
    expect(board.readHeader()).toEqual(record);
    writeSync(board.descriptor, Uint32Array.of(77), 0, 4, 0);
    expect(board.readHeader()).toEqual(record);
  });

  it("serves the status page at its path, whichever variable has the path", () => {
    board.writeHeader(record);
    const pages = { statusPath: "/status", pingPath: "/ping", pingResponse: "pong" };
    const page = (...variables: [string, string][]) =>
      pageFor(new Variables(variables), board, pages) !== undefined;
    expect(page(["SCRIPT_NAME", "/status"])).toBe(true);
    expect(page(["SCRIPT_NAME", ""], ["PATH_INFO", "/status"])).toBe(true);
    expect(page(["REQUEST_URI", "/ping?full"])).toBe(true);
    expect(page(["SCRIPT_NAME", "/index.php"], ["REQUEST_URI", "/status"])).toBe(false);
    expect(page(["REQUEST_URI", "/statuses"])).toBe(false);
  });
});

describe("the texts of a request", () => {
  it("are cut at PHP-FPM's lengths, and never beyond their record", () => {
    const record = Buffer.alloc(1_024 - 64);
    const long = new Variables([
      ["REQUEST_METHOD", "M".repeat(40)],
      ["SCRIPT_NAME", `/${"ü".repeat(600)}`],
      ["REMOTE_USER", "u".repeat(100)],
      ["SCRIPT_FILENAME", "s".repeat(600)],
    ]);
    expect(encodeTexts(textsOf(long), 7, record)).toBeLessThanOrEqual(1_024 - 64 - 4);
    const texts = decodeTexts(record, 7);
    expect(texts?.requestMethod).toBe("M".repeat(15));
    expect(texts?.user).toBe("u".repeat(31));
    expect(texts?.script).toBe("s".repeat(255));
    expect(decodeTexts(record, 8)).toBeUndefined();
  });
});

describe("the places of a worker", () => {
  let board: PoolScoreboard;
  let places: Places;
  let changes = 0;
  beforeEach(() => {
    board = PoolScoreboard.create();
    changes = 0;
    places = new Places([new SlotWriter(board.descriptor, 0, 1)], () => {
      changes += 1;
    });
  });
  afterEach(() => board.close());
  const state = () => board.readSlots(0, 1)[0]?.state;
  const patient = { leaveIfSilent: () => false };

  it("are given back by a connection that is silent", async () => {
    let slot: SlotWriter | undefined;
    let asked = 0;
    const leaveIfSilent = () => {
      asked += 1;
      places.leave(slot);
      return true;
    };
    slot = places.open({ leaveIfSilent });
    await until(
      () => places.room === 1,
      () => "the place is still taken",
    );
    expect([asked, state()]).toEqual([1, SlotState.Idle]);
    expect(places.open(patient)).toBe(slot);
  });

  it("are taken by a connection, and free when it closes without a request", async () => {
    const slot = places.open(patient);
    expect(places.room).toBe(0);
    await until(
      () => state() === SlotState.Reading,
      () => "the scoreboard does not show it",
    );
    places.leave(slot);
    expect([places.room, changes]).toEqual([1, 2]);
    await until(
      () => state() === SlotState.Idle,
      () => "the scoreboard still shows it",
    );
  });

  it("are free after a request, while its connection is kept", () => {
    const slot = places.take({ slot: places.open(patient) }) as SlotWriter;
    places.begin(slot, request("/"));
    expect([places.room, state()]).toEqual([0, SlotState.Running]);
    places.end(slot, true);
    expect([places.room, state(), places.requests]).toEqual([1, SlotState.Idle, 1]);
  });

  it("let a request on a kept connection wait for one", async () => {
    const first = places.take({ slot: places.open(patient) }) as SlotWriter;
    const second = places.take(undefined);
    expect(second).toBeInstanceOf(Promise);
    expect(places.room).toBe(0);
    places.end(first, true);
    expect(await second).toBe(first);
    expect(places.room).toBe(0);
    places.end(await second, true);
    expect(places.room).toBe(1);
  });
});

describe("ranges of slots", () => {
  it("are the lowest that are free", () => {
    const ranges = new SlotRanges(4);
    expect([ranges.take(), ranges.take(), ranges.take()]).toEqual([0, 4, 8]);
    ranges.free(4);
    expect([ranges.take(), ranges.take(), ranges.end]).toEqual([4, 12, 16]);
  });

  it("end at the end of the scoreboard", () => {
    const ranges = new SlotRanges(16_384);
    expect([ranges.take(), ranges.take(), ranges.take()]).toEqual([0, 16_384, undefined]);
  });
});

describe("a descriptor", () => {
  it("that is not a socket does not listen", () => {
    const board = PoolScoreboard.create();
    expect(isListening(board.descriptor)).toBe(false);
    board.close();
  });
});
