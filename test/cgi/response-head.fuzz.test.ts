import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe } from "vitest";
import { formatResponseHead, responseFromHead } from "../../src/cgi/response.js";
import { ResponseHeadReader } from "../../src/cgi/response-head-reader.js";
import { GatewayError } from "../../src/errors.js";
import { cut, points } from "../engine/arbitraries.js";
import { join, latin1, text } from "../engine/bytes.js";
import { fuzz } from "../harness/fuzz.js";

const names = [
  "Status",
  "Location",
  "Content-Type",
  "Content-Length",
  "Set-Cookie",
  "X-A",
  "HTTP/1.1",
];
const values = [
  ...["200 OK", "302", "404 Not Found", "99", "600 x", "1000", "-1", "", " ", "\t 5 ", "a\0b"],
  ...["/local", "http://a.test/x?y", "//", "text/html", "12", "12, 12", "1e3", "é\xff", "a: b"],
];
const ends = ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n ", "\n\t", "\0\n"];
const word = fc.oneof(
  fc.constantFrom(...names, ...values),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
);

/** Heads as they should be, as they should not, and anything. */
const heads = fc
  .array(
    fc.tuple(word, fc.constantFrom(": ", ":", " : ", "", " "), word, fc.constantFrom(...ends)),
    {
      maxLength: 8,
    },
  )
  .map((lines) => latin1(lines.flat().join("")));
const bytes = fc
  .tuple(
    heads,
    fc.constantFrom("", "\n", "\r\n", "\n\n", "\r\n\r\n"),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([head, blank, body]) => join(head, latin1(blank), body));
const limits = fc.constantFrom({}, { responseHead: 40 }, { headerCount: 2 });

interface Seen {
  status: number;
  headers: [string, string][];
  body: string;
}

/** All that a reader makes of a response, at whose end the backend closes. */
function read(chunks: readonly Uint8Array[], options: object): unknown {
  const reader = new ResponseHeadReader(options);
  try {
    for (const [index, chunk] of chunks.entries()) {
      const head = reader.push(chunk);
      if (head === undefined) continue;
      const body = join(chunk.subarray(head.bodyStart), ...chunks.slice(index + 1));
      const { status, explicitStatus, statusText, location, locationForm, length, headers } = head;
      return {
        ...{ status, explicitStatus, statusText, location, locationForm, length, headers },
        body: text(body),
        named: headers.map(([name]) => head.get(name)),
        response: responseOf(() => responseFromHead(head, null)),
      };
    }
    throw reader.closed();
  } catch (error) {
    return problemOf(error);
  }
}

function problemOf(error: unknown): unknown {
  if (!(error instanceof GatewayError)) throw error;
  const { code, message, offset } = error;
  return { code, message, offset };
}

function responseOf(make: () => Response): unknown {
  try {
    const { status, statusText, headers } = make();
    return { status, statusText, headers: [...headers] };
  } catch (error) {
    return problemOf(error);
  }
}

const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
const hop =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|status|content-length)$/;
const fieldValue = fc
  .string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })
  .map((value) => `x${value.replaceAll("\x7f", "")}x`);
const responses = fc.record({
  status: fc.integer({ min: 200, max: 599 }),
  statusText: fieldValue,
  fields: fc.array(
    fc.tuple(
      fc.oneof(fc.constant("set-cookie"), token).filter((name) => !hop.test(name)),
      fieldValue,
    ),
    { maxLength: 10 },
  ),
  begin: fc.constantFrom("status-field" as const, "status-line" as const),
});

describe("the head of a response", () => {
  fuzz("is the same at any cut, or refused by a typed error", () =>
    fc.property(bytes, points, limits, (bytes, points, options) => {
      const whole = read([bytes], options);
      assert.deepEqual(read(cut(bytes, points), options), whole);
    }),
  );

  fuzz("is read as it was written", () =>
    fc.property(responses, points, ({ status, statusText, fields, begin }, points) => {
      const headers = new Headers();
      for (const [name, value] of fields) headers.append(name, value);
      // 205 has no body, and says so.
      if (status === 205) headers.set("content-length", "0");
      const head = formatResponseHead({ status, statusText, headers }, { begin });
      const seen = read(cut(latin1(`${head}body`), points), {}) as Seen;
      const seenHeaders = [...new Headers(seen.headers)];
      assert.deepEqual([seen.status, seenHeaders, seen.body], [status, [...headers], "body"]);
    }),
  );

  fuzz("takes a time that grows with its length", () =>
    fc.property(
      word,
      fc.constantFrom(": ", ":", ""),
      word,
      fc.constantFrom(...ends),
      (...parts) => {
        const piece = latin1(parts.join(""));
        if (piece.length === 0) return;
        const bytes = join(
          ...Array.from({ length: Math.ceil(60_000 / piece.length) }, () => piece),
        );
        const before = process.cpuUsage();
        read(cut(bytes, [1_000, 2_000, 30_000]), { headerCount: 100_000 });
        const { user, system } = process.cpuUsage(before);
        assert(user + system < 2_000_000);
      },
    ),
  );
});
