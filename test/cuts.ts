/** Up to this length bytes are cut in two at every point. */
const SHORT = 512;
/** How far apart the cuts of one run are in longer ones. */
const PERIOD = 128;

/** Bytes in chunks, and a name for the way in which they were cut. */
export type Cut = readonly [how: string, chunks: Uint8Array[]];

/**
 * The same bytes in the chunks that reads could give: whole, byte by byte, and cut at each point.
 *
 * A run a point, in two pieces, costs the square of the length, so it is for short bytes. In longer
 * ones the run for a point also cuts every 128 bytes after it, and is the run for all of those:
 * each point is still a cut of one of 128 runs, with 128 bytes on either side of it, or as many as
 * there are.
 */
export function* cuts(bytes: Uint8Array): Generator<Cut> {
  const { length } = bytes;
  yield ["whole", [bytes]];
  yield ["byte by byte", Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))];
  const period = length > SHORT ? PERIOD : SHORT;
  const again = length > SHORT ? `, and every ${PERIOD} bytes after it` : "";
  for (let first = 1; first <= Math.min(period, length - 1); first++) {
    const chunks = [bytes.subarray(0, first)];
    for (let at = first; at < length; at += period) chunks.push(bytes.subarray(at, at + period));
    yield [`cut at ${first}${again}`, chunks];
  }
}
