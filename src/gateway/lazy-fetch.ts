import { LazyRequest } from "./lazy-request.js";
import { LazyResponse } from "./lazy-response.js";

let takesLazyRequests: boolean | undefined;

/**
 * Has the Requests and Responses of this process made of what is asked of them alone, under every
 * Node: a small request then costs half as much. Only for a process whose code is this package's
 * and its application's; call it before the application is loaded. Everything that Fetch says of
 * them, and of `fetch`, holds.
 */
export function makeFetchLazy(): void {
  if (globalThis.Response === (LazyResponse as unknown)) return;
  globalThis.Response = LazyResponse as unknown as typeof Response;
  globalThis.Request = new Proxy(globalThis.Request, {
    construct: (target, given, newTarget) => Reflect.construct(target, madeWhole(given), newTarget),
  });
  globalThis.fetch = new Proxy(globalThis.fetch, {
    apply: (target, self, given) => Reflect.apply(target, self, madeWhole(given)),
  });
  takesLazyRequests = true;
}

/** Whether this process's `Request` and `fetch` take a {@link LazyRequest} for a Request. */
export function canBeLazy(): boolean {
  takesLazyRequests ??= LazyRequest.prepare();
  return takesLazyRequests;
}

function madeWhole([input, ...rest]: unknown[]): unknown[] {
  return [input instanceof LazyRequest ? input.whole() : input, ...rest];
}
