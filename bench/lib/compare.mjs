import { deepStrictEqual } from "node:assert/strict";
import { Bench } from "tinybench";
import { median, progress, reportAll } from "./report.mjs";

const ROUNDS = 7;
const ROUND_TIME = 30;
/** A timed call lasts at least so many milliseconds that the clock's resolution is negligible. */
const BATCH_TIME = 0.2;

/**
 * Runs contenders in turns and reports the median of each.
 *
 * @param job `name`, and `suite` unless it is codec; if a run does the same thing many times, their
 * number in `count` and what one of them is in `each`
 * @param contenders each with `name`; `run()`, one run, which returns an integer that depends on
 * its work; and, unless it does less work by nature, `result()`, which must equal the others'
 */
export async function compare({ suite = "codec", name, count = 1, each }, contenders) {
  verify(name, contenders);
  const batches = contenders.map(({ name, run }) => ({ name, ...calibrate(run) }));
  const medians = batches.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    const bench = new Bench({ time: ROUND_TIME, iterations: 8, warmup: false, throws: true });
    for (const { name, batch, runs } of batches) bench.add(name, () => batch(runs));
    bench.runSync();
    bench.tasks.forEach(({ result }, at) => {
      medians[at].push(result.latency.p50 / batches[at].runs);
    });
  }
  const scale = 1e6 / count;
  const results = new Map(batches.map(({ name }, at) => [name, median(medians[at]) * scale]));
  reportAll(suite, name, each ? `ns/${each}` : "ns", results, contenders[0].name);
  progress(name);
}

function verify(name, contenders) {
  const checked = contenders.filter(({ result }) => result !== undefined);
  const expected = checked[0].result();
  for (const contender of checked) {
    try {
      deepStrictEqual(contender.result(), expected);
    } catch (error) {
      throw new Error(`${name}: ${contender.name} has another result than ${checked[0].name}`, {
        cause: error,
      });
    }
  }
}

function calibrate(run) {
  const batch = batchOf(run);
  let runs = 1;
  for (;;) {
    const began = performance.now();
    batch(runs);
    const elapsed = performance.now() - began;
    if (elapsed >= BATCH_TIME * 100) return { batch, runs: Math.ceil(runs / 100) };
    runs *= 2;
  }
}

/**
 * Creates a loop for each contender. In a shared loop the call becomes megamorphic, which costs
 * more than a small job. The sum goes to a typed array, because a variable would become a heap
 * number.
 */
function batchOf(run) {
  const sink = new Int32Array(1);
  const source = "return (runs) => { for (let i = 0; i < runs; i++) sink[0] += run(); };";
  return new Function("run", "sink", source)(run, sink);
}

/** The limit of every codec row: the same bytes, copied once and not examined. */
export function plainCopy(bytes) {
  const target = new Uint8Array(bytes.length);
  return {
    name: "plain copy (the limit)",
    run() {
      target.set(bytes);
      return target[bytes.length - 1];
    },
  };
}
