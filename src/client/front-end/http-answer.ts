import { ErrorCode, GatewayError } from "../../errors.js";

/** A tab is the only control character that a field may have (RFC 9110 §5.5). */
const controlCharacter = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Makes an answer one that a server of HTTP can send. A body of another length than its
 * Content-Length, of a script or of a file that has shrunk, fails: it would be read as a part of the
 * next answer. Servers do not check that, and Node's `strictContentLength` throws where nothing
 * catches it. 204 has no Content-Length (RFC 9110 §8.6).
 *
 * @throws GatewayError `malformed` for a field with a control character, as nginx refuses it: servers
 * would throw after they have taken other fields
 */
export function answerForHttp(answer: Response): Response {
  const { body, status, statusText, headers } = answer;
  for (const [name, value] of headers) {
    if (!controlCharacter.test(value)) continue;
    void body?.cancel().catch(() => {});
    const message = `the field ${name} of the response has a control character`;
    throw new GatewayError(ErrorCode.Malformed, message);
  }
  const length = headers.get("content-length");
  if (length === null || (body === null && status !== 204)) return answer;
  const fields = new Headers(headers);
  if (status === 204) fields.delete("content-length");
  const measured = body?.pipeThrough(lengthChecker(Number(length))) ?? null;
  return new Response(measured, { status, statusText, headers: fields });
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
