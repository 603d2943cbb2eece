import { compare, plainCopy } from "../lib/compare.mjs";
import { fixture } from "../lib/fixtures.mjs";
import { countScoreboard, countsOf } from "../lib/jobs.mjs";
import { loadEngines, title } from "../lib/package.mjs";

const LETTERS = "_SRWKDCLGI.";

const engines = await loadEngines();
const counts = new Uint32Array(256);

for (const slots of [64, 256, 400, 4096, 65_536]) {
  await compareCounting(`scoreboard of ${slots} slots, shuffled`, shuffled(slots));
}
const captured = capturedBoard();
await compareCounting("scoreboard of 4096 slots, captured", captured);
await compareCounting("scoreboard of 65536 slots, captured 16 times", repeated(captured, 16));

async function compareCounting(name, bytes) {
  const buffer = Buffer.from(bytes);
  await compare({ name }, [
    ...engines.map((engine) => ({
      name: title(engine),
      run: () => countScoreboard(engine, bytes),
      result() {
        countScoreboard(engine, bytes);
        return countsOf(engine);
      },
    })),
    {
      name: "for…of over the string",
      run: () => countLetters(buffer)._,
      result() {
        const { other, ...counts } = countLetters(buffer);
        return [...LETTERS].map((letter) => counts[letter]).concat(other);
      },
    },
    {
      name: "histogram of the bytes",
      run: () => histogram(bytes)[0x5f],
      result() {
        const counts = histogram(bytes);
        const known = [...LETTERS].map((letter) => counts[letter.charCodeAt(0)]);
        return [...known, bytes.length - known.reduce((sum, count) => sum + count, 0)];
      },
    },
    plainCopy(bytes),
  ]);
}

/** The board of a busy httpd with 4,096 slots, in runs of letters, because processes have threads. */
function capturedBoard() {
  const page = Buffer.from(fixture("apache-auto-4096.txt")).latin1Slice();
  return new Uint8Array(Buffer.from(/^Scoreboard: (.*)$/m.exec(page)[1], "latin1"));
}

function repeated(bytes, times) {
  const all = new Uint8Array(bytes.length * times);
  for (let i = 0; i < times; i++) all.set(bytes, i * bytes.length);
  return all;
}

/** All letters in random order, the worst case; the same in every run. */
function shuffled(slots) {
  const bytes = new Uint8Array(slots);
  let seed = 1;
  for (let i = 0; i < slots; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const at = (seed >>> 16) % 32;
    bytes[i] = (at < LETTERS.length ? LETTERS : "_W.")[at % (at < 11 ? 11 : 3)].charCodeAt(0);
  }
  return bytes;
}

function countLetters(buffer) {
  const counts = { other: 0 };
  for (const letter of LETTERS) counts[letter] = 0;
  for (const letter of buffer.latin1Slice()) {
    if (counts[letter] === undefined) counts.other++;
    else counts[letter]++;
  }
  return counts;
}

function histogram(bytes) {
  counts.fill(0);
  for (let i = 0; i < bytes.length; i++) counts[bytes[i]]++;
  return counts;
}
