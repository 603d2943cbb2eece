import { ErrorCode, GatewayError } from "../../errors.js";

/**
 * An answer for an HTTP connection. A body of another length than its Content-Length, of a script or
 * of a file that has shrunk, fails: it would be read as a part of the next answer. Servers do not
 * check that, and Node's `strictContentLength` throws where nothing catches it. 204 has no
 * Content-Length (RFC 9110 §8.6).
 */
export function ofTrueLength(answer: Response): Response {
  const { body, status, statusText } = answer;
  const length = answer.headers.get("content-length");
  if (length === null || (body === null && status !== 204)) return answer;
  if (body !== null) {
    const measured = body.pipeThrough(lengthChecker(Number(length)));
    return new Response(measured, { status, statusText, headers: answer.headers });
  }
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return new Response(null, { status, statusText, headers });
}

/** Passes bytes on. Fails with `malformed` for more or fewer than `length`. */
function lengthChecker(length: number): TransformStream<Uint8Array, Uint8Array> {
  let taken = 0;
  const wrong = (difference: string) => {
    const message = `the response has a Content-Length of ${length}, and ${difference} bytes`;
    return new GatewayError(ErrorCode.Malformed, message);
  };
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      taken += bytes.length;
      if (taken > length) throw wrong("more");
      controller.enqueue(bytes);
    },
    flush() {
      if (taken < length) throw wrong(`only ${taken}`);
    },
  });
}
