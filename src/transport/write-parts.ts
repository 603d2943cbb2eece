import type { Socket } from "node:net";

/** Up to this many bytes, one buffer is written faster than a list of them. */
const JOINED_LENGTH = 32_768;
/** What is shorter is a header: written beside long contents, each costs 1 µs more than a copy. */
const SHORT_LENGTH = 1_024;

/**
 * Writes parts in order, in as few buffers as it pays to copy them into.
 *
 * @returns false to ask for a wait until `drain`
 */
export function writeParts(socket: Socket, parts: readonly Uint8Array[]): boolean {
  const buffers = gather(parts);
  if (buffers.length === 1) return socket.write(buffers[0]!);
  let more = true;
  socket.cork();
  for (const buffer of buffers) more = socket.write(buffer);
  socket.uncork();
  return more;
}

function gather(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  if (parts.length === 1) return parts;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length <= JOINED_LENGTH) return [Buffer.concat(parts, length)];
  const buffers: Uint8Array[] = [];
  let short: Uint8Array[] = [];
  const join = (): void => {
    if (short.length > 0) buffers.push(Buffer.concat(short));
    short = [];
  };
  for (const part of parts) {
    if (part.length < SHORT_LENGTH) short.push(part);
    else {
      join();
      buffers.push(part);
    }
  }
  join();
  return buffers;
}
