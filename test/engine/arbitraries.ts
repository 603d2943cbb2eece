import fc from "fast-check";
import { hex, join, latin1, RecordType, record } from "./bytes.js";

/** Bytes of the protocols, valid and invalid. */

export function cut(bytes: Uint8Array, points: readonly number[]): Uint8Array[] {
  const sorted = points.map((point) => point % (bytes.length + 1)).sort((a, b) => a - b);
  const ends = [...sorted, bytes.length];
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

export const points = fc.oneof(
  fc.constant([]),
  fc.array(fc.nat({ max: 4_000 }), { maxLength: 6 }),
  fc.constant(Array.from({ length: 300 }, (_, index) => index)),
);
export const offset = fc.nat({ max: 40 });

/** Valid bytes, valid bytes with a few of them changed, and any bytes. */
export function mutated(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  const changed = fc.tuple(good, changes).map(([bytes, all]) => {
    const copy = bytes.slice();
    for (const [at, byte] of all) if (copy.length > 0) copy[at % copy.length] = byte;
    return copy;
  });
  return fc.oneof(
    { weight: 5, arbitrary: good },
    { weight: 3, arbitrary: changed },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  );
}

const many = <T>(arbitrary: fc.Arbitrary<T>, maxLength = 30) => fc.array(arbitrary, { maxLength });
const joined = (pieces: fc.Arbitrary<Uint8Array>, maxLength = 30) =>
  many(pieces, maxLength).map((all) => join(...all));
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 480, maxLength: 540 }),
  fc.constant(new Uint8Array()),
);

export const records = joined(
  fc
    .record({
      type: fc.oneof(
        fc.constantFrom(RecordType.Stdout, RecordType.Stdout, RecordType.Stderr, RecordType.Params),
        fc.nat({ max: 12 }),
      ),
      requestId: fc.constantFrom(1, 1, 1, 2, 0, 256),
      content,
      padding: fc.oneof(fc.constant(undefined), fc.nat({ max: 20 }), fc.constant(255)),
    })
    .map(({ type, requestId, content, padding }) =>
      type === RecordType.BeginRequest || type === RecordType.EndRequest
        ? record(type, requestId, hex("00010203 04050607"), padding)
        : record(type, requestId, content, padding),
    ),
);

const length = (size: number, isLong: boolean) =>
  size > 127 || isLong
    ? Uint8Array.of(0x80 | (size >>> 24), size >>> 16, size >>> 8, size)
    : Uint8Array.of(size);
const part = fc.uint8Array({ maxLength: 140 });
export const pairs = joined(
  fc
    .tuple(part, part, fc.boolean(), fc.boolean())
    .map(([name, value, longName, longValue]) =>
      join(length(name.length, longName), length(value.length, longValue), name, value),
    ),
);

export const alphabet = (letters: string, maxLength: number) =>
  fc
    .array(fc.constantFrom(...letters), { maxLength })
    .map((characters) => latin1(characters.join("")));

export const netstrings = joined(
  fc.oneof(
    alphabet("abc,:0123456789", 30).map((bytes) =>
      join(latin1(`${bytes.length}:`), bytes, latin1(",")),
    ),
    alphabet("0123456789:,", 14),
  ),
);

export const headers = joined(
  fc
    .tuple(alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", 40), alphabet("/?=&abc", 40))
    .map(([name, value]) => join(latin1("N"), name, latin1("\0"), value, latin1("\0"))),
);

export const packets = joined(
  fc
    .tuple(fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 255 }))
    .map(([modifier1, bytes, modifier2]) =>
      join(Uint8Array.of(modifier1, bytes.length, 0, modifier2), bytes),
    ),
);

export const variables = joined(
  fc
    .tuple(part, part)
    .map(([name, value]) =>
      join(Uint8Array.of(name.length, 0), name, Uint8Array.of(value.length, 0), value),
    ),
);

const digits = (maxLength: number) =>
  fc.array(fc.constantFrom(..."00123456789"), { maxLength }).map((all) => all.join(""));
const exponent = fc.integer({ min: 14, max: 24 }).map(String);
const numeral = fc
  .tuple(
    fc.constantFrom("", "", "", "-", "+"),
    digits(22),
    fc.oneof(
      fc.constant(""),
      digits(8).map((fraction) => `.${fraction}`),
    ),
    fc.oneof(
      fc.constant(""),
      fc
        .tuple(fc.constantFrom("e", "E", "e+", "e-"), fc.oneof(digits(3), exponent))
        .map((all) => all.join("")),
    ),
    fc.constantFrom("", "", " ", "\t ", "K", "%"),
  )
  .map((parts) => parts.join(""));
const nearLimits = fc
  .tuple(
    fc.constantFrom(2n ** 63n, 2n ** 64n, 2n ** 53n, 10n ** 15n, 10n ** 16n),
    fc.integer({ min: -3, max: 3 }),
  )
  .map(([limit, by]) => String(limit + BigInt(by)));
const twoDigits = (most: number) =>
  fc.integer({ min: 0, max: most }).map((number) => String(number).padStart(2, "0"));
/** Dates of access logs, some of them slightly beyond the limits of the calendar. */
const date = fc
  .tuple(
    twoDigits(33),
    fc.constantFrom(
      ..."/Jan /Feb /Mar /Apr /May /Jun /Jul /Aug /Sep /Oct /Nov /Dec /dec".split(" "),
    ),
    fc.constantFrom("/"),
    twoDigits(99),
    twoDigits(99),
    fc.constantFrom(":"),
    twoDigits(24),
    fc.constantFrom(":"),
    twoDigits(61),
    fc.constantFrom(":"),
    twoDigits(61),
    fc.constantFrom(" +", " +", " -", " ."),
    twoDigits(14),
    twoDigits(60),
  )
  .map((parts) => parts.join(""));
const value = fc.oneof(numeral, nearLimits, digits(10), date, fc.string({ maxLength: 30 }));
const line = fc
  .tuple(
    fc.string({ maxLength: 40 }),
    fc.constantFrom(":", ":", ":", "", "::"),
    fc.nat({ max: 40 }).map((count) => " ".repeat(count)),
    fc.constantFrom("", "", "", "\t"),
    value,
    fc.constantFrom("\n", "\n", "\n", "\r\n", "\r", "\n\n"),
  )
  .map((parts) => latin1(parts.join("")));
export const page = fc.oneof(joined(line, 40), alphabet("ab:1 .\t\r\n", 200));
