// Arguments for a Response: usual, unusual and invalid ones.

export const encode = (text: string) => new TextEncoder().encode(text);

function detached(): Uint8Array {
  const bytes = encode("abc");
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

function shared(): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(3));
  bytes.set(encode("abc"));
  return bytes;
}

function resizable(): Uint8Array {
  const options = { maxByteLength: 9 };
  const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [3, options]);
  return new Uint8Array(buffer);
}

function locked(): ReadableStream {
  const stream = new ReadableStream();
  stream.getReader();
  return stream;
}

function* pairs() {
  yield ["x-a", "1"];
  yield ["set-cookie", "a=1"];
  yield ["set-cookie", "b=2"];
}

export const statuses = [
  200,
  204,
  304,
  599,
  101,
  199,
  600,
  "201",
  201.5,
  Number.NaN,
  null,
  200n,
  {},
];
export const statusTexts = ["", "Fine é", "two\nlines", "Ā", 5, null, Symbol("a")];
export const headers: Record<string, () => unknown> = {
  "a record": () => ({ "X-A": "1", "content-type": "text/x" }),
  pairs: () => [
    ["x-a", "1"],
    ["X-A", "2"],
  ],
  Headers: () => new Headers({ "x-a": "1" }),
  "a generator": pairs,
  "a Map": () => new Map([["x-a", "1"]]),
  null: () => null,
  "a number": () => 5,
  "a bad name": () => ({ "a b": "c" }),
  "a bad value": () => ({ a: "b\nc" }),
  "a wide value": () => ({ a: "Ā" }),
  "pairs of three": () => [["a", "b", "c"]],
};
export const bodies: Record<string, () => unknown> = {
  nothing: () => undefined,
  null: () => null,
  "an empty text": () => "",
  "a text": () => "é\ud800",
  bytes: () => encode("abcdef").subarray(1, 3),
  "no bytes": () => new Uint8Array(0),
  "a Buffer": () => Buffer.from("abc"),
  "a buffer": () => encode("abc").buffer,
  "a DataView": () => new DataView(encode("abc").buffer, 1),
  "clamped bytes": () => new Uint8ClampedArray([97, 98]),
  "wider numbers": () => new Uint16Array([0x6161]),
  "shared bytes": shared,
  "bytes taken away": detached,
  "bytes that may grow": resizable,
  "a form": () => new URLSearchParams({ a: "b c" }),
  "a Blob": () => new Blob(["ab"], { type: "text/x" }),
  "a stream": () => new Blob(["ab"]).stream(),
  "a locked stream": locked,
  "a number": () => 5,
  "an object": () => ({ toString: () => "text" }),
  "a symbol": () => Symbol("a"),
  "a Response": () => new Response("a"),
};
export const inits = [undefined, null, 5, "text", true, Symbol("a"), () => {}, [], new Date(0), {}];
