import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { requestParts } from "../../../src/cgi/request-from-variables.js";
import { Variables } from "../../../src/cgi/variables.js";
import { installLazyFetch } from "../../../src/server/lazy-fetch/install.js";
import { RequestBody } from "../../../src/server/request-body.js";
import { createRequest, type LazyFetch } from "../../../src/server/request-context.js";
import { fuzz } from "../../harness/fuzz.js";
import { outcome } from "./calls.js";
import { stepsOf, transcript } from "./sequences.js";
import { bodies, encode, headers, inits, statuses, statusTexts } from "./values.js";

const Own = globalThis.Response;
const ownJson = Own.json;
const lazyFetch = installLazyFetch();

function same(lazy: unknown, own: unknown): void {
  // toEqual is slow: it runs only to show the difference.
  if (!isDeepStrictEqual(lazy, own)) expect(lazy).toEqual(own);
}

const usual = <Value>(value: Value, odd: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: odd });
const form = "application/x-www-form-urlencoded";
const init = fc.record({
  status: usual<unknown>(200, fc.constantFrom(...statuses)),
  statusText: usual<unknown>("", fc.constantFrom(...statusTexts)),
  headers: fc.constantFrom<(() => unknown)[]>(
    () => undefined,
    () => ({ "content-type": form, "x-a": "1" }),
    ...Object.values(headers),
  ),
});

describe("random calls", () => {
  fuzz("see of a lazy Response what they see of the runtime's own", () =>
    fc.asyncProperty(
      usual<() => unknown>(() => "a=b", fc.constantFrom(...Object.values(bodies))),
      usual<unknown>(undefined, fc.constantFrom(...inits)),
      init,
      stepsOf("response"),
      async (body, oddInit, { headers, ...head }, steps) => {
        const run = (Made: typeof Response) =>
          outcome(() => {
            const init = oddInit === undefined ? { ...head, headers: headers() } : oddInit;
            const response = Reflect.construct(Made, [body(), init]);
            return transcript(response, steps, () => {});
          });
        same(await run(Response), await run(Own));
      },
    ),
  );

  fuzz("see of a Response of JSON what they see of the runtime's own", () =>
    fc.asyncProperty(
      fc.oneof(fc.jsonValue(), fc.anything()),
      init,
      stepsOf("response"),
      async (data, { headers, ...head }, steps) => {
        const run = (json: typeof Response.json) =>
          outcome(() => {
            const init = { ...head, headers: headers() } as ResponseInit;
            return transcript(json(data, init), steps, () => {});
          });
        same(await run(Response.json), await run(ownJson));
      },
    ),
  );

  fuzz("see of a lazy Request what they see of the runtime's own", () =>
    fc.asyncProperty(
      fc.constantFrom("GET", "get", "HEAD", "POST", "put", "patch", "PROPFIND"),
      fc.option(fc.constantFrom("", "a=b", "[1]", "\ufeff{}", "é\ud800"), { nil: undefined }),
      fc.constantFrom("", form, "text/x"),
      stepsOf("request"),
      async (method, text, type, steps) => {
        const run = (lazy: LazyFetch | undefined) =>
          outcome(() => {
            const controller = new AbortController();
            const variables = { REQUEST_METHOD: method, CONTENT_TYPE: type, HTTP_X_A: "1" };
            const parts = requestParts(new Variables(Object.entries(variables)));
            const request = createRequest(parts, bodyOf(text), controller, lazy);
            return transcript(request, steps, () => controller.abort(new RangeError("mine")));
          });
        same(await run(lazyFetch), await run(undefined));
      },
    ),
  );
});

/** Bodies of a Request; GET and HEAD have none. */
function bodyOf(text: string | undefined): RequestBody | undefined {
  if (text === undefined) return undefined;
  const bytes = encode(text);
  const body = new RequestBody(bytes.length, 1_024);
  body.push(bytes);
  body.end();
  return body;
}
