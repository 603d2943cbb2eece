import { type LazyFetch, RuntimeRequest } from "../request-context.js";
import { LazyRequest } from "./request.js";
import { bytesOf, LazyResponse, lazyJson, lazyResponse, RuntimeResponse } from "./response.js";
import { acceptStandIns, standInMaker, stateOf } from "./stand-in.js";

const standIn = standInMaker(RuntimeRequest.prototype);

const lazyFetch: LazyFetch = {
  createRequest: (parts, body, source) => standIn(new LazyRequest(parts, body, source)) as Request,
  bytesOf,
};

let isInstalled = false;

/**
 * Installs lazy Requests and Responses in this process, once, and returns the functions that make
 * and read them. They are objects of the runtime's own classes whose parts are made when they are
 * read. They cost a half to a sixth of the runtime's own, and behave as Fetch requires.
 *
 * It replaces `Request`, `Response`, `fetch`, and the getters and methods of the two prototypes. A
 * `Request` or a `fetch` that a module took from the globals before does not accept the requests
 * that lazy servers make.
 */
export function installLazyFetch(): LazyFetch {
  if (isInstalled) return lazyFetch;
  isInstalled = true;
  const { Request, Response, fetch } = globalThis;
  acceptStandIns(RuntimeRequest.prototype, LazyRequest.prototype);
  globalThis.Request = replaced(Request, (given, newTarget) =>
    Reflect.construct(Request, runtimeFirst(given), newTarget),
  );
  globalThis.fetch = new Proxy(fetch, {
    apply: (target, self, given) => Reflect.apply(target, self, runtimeFirst(given)),
  });
  // If another module has replaced the class, its Responses stay as it makes them.
  if (Response === RuntimeResponse) makeResponsesLazy(Response);
  return lazyFetch;
}

function makeResponsesLazy(Response: typeof RuntimeResponse): void {
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

/** A class with another construction and the same name, statics and prototype. */
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

/** Replaces a stand-in by the runtime's own object, which the runtime's code can read. */
function runtimeFirst(given: unknown[]): unknown[] {
  const state = stateOf(given[0]);
  return state === undefined ? given : [state.runtimeObject(), ...given.slice(1)];
}
