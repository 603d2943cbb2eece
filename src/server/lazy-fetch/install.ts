import { LazyRequest, WholeRequest } from "./request.js";
import { LazyResponse, lazyJson, lazyResponse, WholeResponse } from "./response.js";
import { acceptStandIns, stateOf } from "./stand-in.js";

let isLazy = false;

/** Whether {@link makeFetchLazy} was called. */
export function fetchIsLazy(): boolean {
  return isLazy;
}

/**
 * Makes the Requests and Responses of this process of what they are asked for alone, which costs
 * a half to a sixth of the runtime's own. Everything that Fetch says of them holds.
 *
 * It replaces `Request`, `Response`, `fetch`, and the getters and methods of the two prototypes.
 * Call it before the application is loaded: a `Request` or a `fetch` that was kept from before
 * does not know the requests that servers make after it.
 */
export function makeFetchLazy(): void {
  if (isLazy) return;
  isLazy = true;
  const { Request, Response, fetch } = globalThis;
  acceptStandIns(WholeRequest.prototype, LazyRequest.prototype);
  globalThis.Request = replaced(Request, (given, newTarget) =>
    Reflect.construct(Request, wholeFirst(given), newTarget),
  );
  globalThis.fetch = new Proxy(fetch, {
    apply: (target, self, given) => Reflect.apply(target, self, wholeFirst(given)),
  });
  // Else another module has put a class of its own there: its Responses stay what it makes them.
  if (Response === WholeResponse) makeResponsesLazy(Response);
}

function makeResponsesLazy(Response: typeof WholeResponse): void {
  acceptStandIns(Response.prototype, LazyResponse.prototype);
  globalThis.Response = replaced(Response, (given, newTarget) =>
    newTarget === globalThis.Response
      ? lazyResponse(given)
      : Reflect.construct(Response, given, newTarget),
  );
  Response.json = new Proxy(Response.json, {
    apply: (json, self, given) => lazyJson(given) ?? Reflect.apply(json, self, given),
  });
}

/** The class with another construction, and the same name, statics and prototype. */
function replaced<Class extends typeof Request | typeof Response>(
  original: Class,
  construct: (given: unknown[], newTarget: NewableFunction) => object,
): Class {
  const replacement: Class = new Proxy(original, {
    construct: (_, given, newTarget) => construct(given, newTarget),
  });
  const descriptor = { value: replacement, writable: true, configurable: true };
  Object.defineProperty(original.prototype, "constructor", descriptor);
  return replacement;
}

/** The runtime's own code does not know the state of a stand-in. */
function wholeFirst(given: unknown[]): unknown[] {
  const state = stateOf(given[0]);
  return state === undefined ? given : [state.whole(), ...given.slice(1)];
}
