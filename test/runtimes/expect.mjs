// The few assertions that the behaviours need, in plain JavaScript: no test runner runs everywhere.

const show = (value) =>
  JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? [...inner] : inner));

/** Fails unless both have the same JSON; bytes are compared as arrays. */
export function equal(actual, expected) {
  if (show(actual) !== show(expected)) {
    throw new Error(`expected ${show(expected)}, got ${show(actual)}`);
  }
}

/** Fails unless `action` throws something with this `code`. */
export function throwsCode(action, code) {
  let thrown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) throw new Error(`expected an error ${code}, and nothing was thrown`);
  equal(thrown.code ?? thrown.message, code);
}

/** Bytes from hexadecimal digits, blanks ignored. */
export function hex(digits) {
  const pairs = digits.replace(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/** The bytes of a text in ISO-8859-1. */
export const latin1 = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
/** The ISO-8859-1 text of bytes. */
export const text = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** Fails unless `promise` rejects with something with this `code`. */
export async function throwsLater(promise, code) {
  const result = await promise.then(
    () => undefined,
    (error) => error,
  );
  throwsCode(() => {
    if (result !== undefined) throw result;
  }, code);
}
