import { describe, expect, it } from "vitest";
import { scoreboardState, scoreboardStates } from "../../../src/apache/page/scoreboard.js";
import { statusFields } from "../../../src/apache/page/status-fields.js";
import { parseServerStatus } from "../../../src/apache/page/text-page.js";
import { activityOf } from "../../../src/apache/page/worker-row.js";
import { SCOREBOARD_LETTERS } from "../../../src/engine/memory.js";
import { serverSample, serverTarget, textOf } from "../../exporter/metrics/samples.js";
import { least, pageOf } from "../fixtures.js";

const statusWith = (line: string) => parseServerStatus(pageOf("name", line, ...least));

/** A text of each kind, and its value. */
const values = {
  text: ["some text", "some text"],
  number: ["7", 7],
  kilobytes: ["7", 7168],
  load: ["0.25", 0.25],
} as const;

describe("the table of fields", () => {
  const simple = statusFields.flatMap((field) =>
    field.kind === "scoreboard" ? [] : [{ ...field, kind: field.kind }],
  );

  it.each(simple)("reads $key as $property", ({ key, kind, property }) => {
    const [text, value] = values[kind];
    expect(statusWith(`${key}: ${text}`)[property]).toBe(value);
  });

  it.each(simple.filter(({ metric }) => metric !== undefined))(
    "shows $key as apache_$metric",
    ({ key, kind, metric }) => {
      const status = statusWith(`${key}: ${values[kind][0]}`);
      const text = textOf([serverSample(status, serverTarget("http://127.0.0.1/"))]);
      expect(text).toContain(`\napache_${metric}`);
    },
  );
});

describe("the table of the scoreboard's letters", () => {
  it("has every letter that the engine counts, in its order", () => {
    expect(scoreboardStates.map(({ letter }) => letter).join("")).toBe(SCOREBOARD_LETTERS);
  });

  it.each(scoreboardStates)("counts $letter as $property", ({ letter, property }) => {
    const { scoreboard } = parseServerStatus(
      pageOf("BusyWorkers: 1", "IdleWorkers: 0", `Scoreboard: ${letter.repeat(3)}`),
    );
    expect(scoreboard?.[property]).toBe(3);
    expect(scoreboardState(letter)?.property).toBe(property);
  });

  it("says which letters are idle", () => {
    const idle = scoreboardStates.filter(({ letter }) => activityOf({ mode: letter }) === "idle");
    expect(idle.map(({ letter }) => letter)).toEqual(["_", "I", "."]);
  });
});
