/** The same bytes in the chunks that reads could give: whole, byte by byte, and cut at each point. */
export function* cuts(bytes: Uint8Array): Generator<readonly [how: string, chunks: Uint8Array[]]> {
  yield ["whole", [bytes]];
  yield ["byte by byte", Array.from(bytes, (byte) => Uint8Array.of(byte))];
  for (let at = 1; at < bytes.length; at++) {
    yield [`cut at ${at}`, [bytes.subarray(0, at), bytes.subarray(at)]];
  }
}
