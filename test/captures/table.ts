import { expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { cuts } from "../cuts.js";
import { fixture } from "../fixtures.js";
import { latin1 } from "./plain.js";
import { same } from "./same.js";

/** Milliseconds that a row may take, on a computer that has other work. */
const TIMEOUT = 120_000;

/** A decoder, and the captured files that are for it. */
export interface Row {
  readonly decoder: string;
  readonly files: readonly string[];
  /** Decodes a file in every cut, which gives the same, and checks what is known of the file. */
  check(file: string, engine: Engine): Promise<void>;
}

export interface RowOptions<Outcome> {
  decoder: string;
  files: readonly string[];
  /** All that the decoder finds in these chunks, errors included. */
  decode(chunks: readonly Uint8Array[], engine: Engine): Outcome | Promise<Outcome>;
  /** What the file is known to say, from elsewhere than this decoder. */
  facts(outcome: Outcome, file: string, bytes: Uint8Array, engine: Engine): void;
  /** What of the file is for the decoder, or what the file is a part of. Default: the file. */
  part?(bytes: Uint8Array, file: string): readonly Uint8Array[];
}

export function row<Outcome>(options: RowOptions<Outcome>): Row {
  const { decoder, files, decode, facts, part = (bytes) => [bytes] } = options;
  const known = new Map<Engine, Map<string, Outcome>>();
  return {
    decoder,
    files,
    async check(file, engine) {
      const done = known.get(engine) ?? new Map<string, Outcome>();
      known.set(engine, done);
      for (const bytes of part(fixture(file), file)) {
        // Front ends send the same variables again and again: once is enough for the same bytes.
        const key = latin1(bytes);
        const outcome =
          done.get(key) ?? (await sameForEveryCut(file, bytes, (chunks) => decode(chunks, engine)));
        done.set(key, outcome);
        facts(outcome, file, bytes, engine);
      }
    },
  };
}

/** What a decoder finds in bytes, which is the same for every cut of them. */
async function sameForEveryCut<Outcome>(
  name: string,
  bytes: Uint8Array,
  decode: (chunks: readonly Uint8Array[]) => Outcome | Promise<Outcome>,
): Promise<Outcome> {
  const whole = await decode([bytes]);
  for (const [how, chunks] of cuts(bytes)) {
    const result = decode(chunks);
    const outcome = result instanceof Promise ? await result : result;
    // The quick look first: a matcher for each of a million cuts takes minutes.
    if (!same(outcome, whole)) expect(outcome, `${name}, ${how}`).toStrictEqual(whole);
  }
  return whole;
}

/** A test for each row. */
export function everyFile(rows: readonly Row[], engine?: Engine): void {
  it.each(rows)(
    "$decoder takes $files.length files",
    async ({ files, check }) => {
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) await check(file, engine as Engine);
    },
    TIMEOUT,
  );
}
