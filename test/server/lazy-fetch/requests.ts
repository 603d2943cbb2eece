import { requestParts } from "../../../src/cgi/request-from-variables.js";
import { Variables } from "../../../src/cgi/variables.js";
import { RequestBody } from "../../../src/server/request-body.js";
import { createRequest } from "../../../src/server/request-context.js";
import { lazyFetch } from "./lazy.js";
import { encode } from "./values.js";

/**
 * A request as a handler gets it: the runtime's own, or a lazy one after `makeFetchLazy`.
 *
 * @param text of its body; undefined makes none
 */
export function makeRequest(
  variables: Record<string, string> = {},
  text?: string,
  signal = new AbortController().signal,
): Request {
  const usual = {
    REQUEST_METHOD: text === undefined ? "GET" : "POST",
    REQUEST_URI: "/a?b=c",
    HTTP_HOST: "app.test",
    HTTP_X_A: "1",
  };
  const parts = requestParts(new Variables(Object.entries({ ...usual, ...variables })));
  if (text === undefined) return createRequest(parts, undefined, { signal }, lazyFetch);
  const body = new RequestBody(encode(text).length, 1_024);
  body.push(encode(text));
  body.end();
  return createRequest(parts, body, { signal }, lazyFetch);
}
