/** What is in bytes by the simplest of readers, which see all of them at once: to compare with. */

export interface PlainRecord {
  type: number;
  requestId: number;
  content: Uint8Array;
}

/** FastCGI records (FastCGI 1.0 §3.3) up to one that is not whole, or of another version. */
export function plainRecords(bytes: Uint8Array): PlainRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: PlainRecord[] = [];
  for (let at = 0; at + 8 <= bytes.length && bytes[at] === 1; ) {
    const start = at + 8;
    const end = start + view.getUint16(at + 4);
    const [type = 0] = bytes.subarray(at + 1);
    const [padding = 0] = bytes.subarray(at + 6);
    if (end + padding > bytes.length) break;
    records.push({
      type,
      requestId: view.getUint16(at + 2),
      content: bytes.subarray(start, end),
    });
    at = end + padding;
  }
  return records;
}

/** The contents of the records of a type, one after another. */
export const contentsOf = (bytes: Uint8Array, wanted: number) =>
  plainRecords(bytes)
    .filter(({ type }) => type === wanted)
    .map(({ content }) => latin1(content))
    .join("");

/** The PARAMS streams of a connection, by the order of their requests. */
export function plainParams(bytes: Uint8Array): Uint8Array[] {
  const open = new Map<number, Uint8Array[]>();
  const streams: Uint8Array[] = [];
  for (const { type, requestId, content } of plainRecords(bytes)) {
    if (type === 1) open.set(requestId, []);
    const params = open.get(requestId);
    if (type !== 4 || params === undefined) continue;
    params.push(content);
    if (content.length > 0) continue;
    streams.push(new Uint8Array(Buffer.concat(params)));
    open.delete(requestId);
  }
  return streams;
}

/** Name-value pairs (FastCGI 1.0 §3.4) up to one that is not whole. */
export function plainPairs(bytes: Uint8Array): [name: string, value: string][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pairs: [string, string][] = [];
  let at = 0;
  const length = (): number => {
    const first = bytes[at] ?? 0;
    at += first < 128 ? 1 : 4;
    return first < 128 ? first : view.getUint32(at - 4) - 2 ** 31;
  };
  while (at < bytes.length) {
    const nameLength = length();
    const end = length() + nameLength + at;
    if (end > bytes.length) break;
    const [name, value] = [
      bytes.subarray(at, at + nameLength),
      bytes.subarray(at + nameLength, end),
    ];
    pairs.push([latin1(name), latin1(value)]);
    at = end;
  }
  return pairs;
}

/** The content of the netstring at the start. */
export function plainNetstring(bytes: Uint8Array): string {
  const text = latin1(bytes);
  const start = text.indexOf(":") + 1;
  return text.slice(start, start + Number(text.slice(0, start - 1)));
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
