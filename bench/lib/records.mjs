/** As many FastCGI records of one type and content length as fit into `size` bytes. */
export function recordsOf(type, contentLength, size) {
  const paddingLength = -contentLength & 7;
  const length = 8 + contentLength + paddingLength;
  const count = Math.floor(size / length);
  const bytes = new Uint8Array(count * length);
  for (let i = 0; i < count; i++) {
    const at = i * length;
    bytes.set(header(type, contentLength, paddingLength), at);
    for (let j = 0; j < contentLength; j++) bytes[at + 8 + j] = (i + j * 7) & 0xff;
  }
  return { bytes, count };
}

export function record(type, content) {
  const paddingLength = -content.length & 7;
  const bytes = new Uint8Array(8 + content.length + paddingLength);
  bytes.set(header(type, content.length, paddingLength));
  bytes.set(content, 8);
  return bytes;
}

function header(type, contentLength, paddingLength) {
  return [1, type, 0, 1, contentLength >> 8, contentLength & 0xff, paddingLength, 0];
}

/** The contents of all records of a type, joined. The bytes must be valid and complete. */
export function contentsOf(bytes, type) {
  const contents = [];
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at + 4] << 8) | bytes[at + 5];
    if (bytes[at + 1] === type) contents.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length + bytes[at + 6];
  }
  return new Uint8Array(Buffer.concat(contents));
}
