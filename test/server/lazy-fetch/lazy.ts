import { installLazyFetch } from "../../../src/server/lazy-fetch/install.js";
import type { LazyFetch } from "../../../src/server/request-context.js";

/** What makes lazy Requests; undefined until {@link makeFetchLazy} is called. */
export let lazyFetch: LazyFetch | undefined;

/** Makes the Responses of this process lazy, and the Requests of `makeRequest`. */
export function makeFetchLazy(): void {
  lazyFetch = installLazyFetch();
}
