import { describe, expect, it } from "vitest";
import { makeFetchLazy } from "./lazy.js";

/** Functions that call the globals of Fetch and return all visible results, by what they test. */
export type Calls = Record<string, () => unknown>;

/** The outcome of a call: its result, or its error. */
export async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return { returned: await call() };
  } catch (error) {
    if (!(error instanceof Error)) return { thrown: error };
    const { name, message } = error;
    return { thrown: { name, message, isTypeError: error.constructor === TypeError } };
  }
}

/** Makes the calls with the runtime's own Fetch, then with the lazy one, and compares. */
export async function describeCalls(title: string, calls: Calls): Promise<void> {
  const expected = new Map<string, unknown>();
  for (const [name, call] of Object.entries(calls)) expected.set(name, await outcome(call));
  makeFetchLazy();
  describe(title, () => {
    it.each(Object.entries(calls))("%s", async (name, call) => {
      expect(await outcome(call)).toEqual(expected.get(name));
    });
  });
}

/** All that can be seen of a Response, its body read. */
export async function shownResponse(response: Response): Promise<unknown> {
  const { status, ok, statusText, type, url, redirected, bodyUsed } = response;
  const headers = [...response.headers];
  const hasBody = response.body !== null;
  const text = await response.text();
  const after = response.bodyUsed;
  return { status, ok, statusText, type, url, redirected, bodyUsed, headers, hasBody, text, after };
}

/** The names, flags, getters and methods of what an object has of its own. */
export function shownProperties(object: object): unknown {
  return Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, descriptor]) => {
    const { get, set, value, ...flags } = descriptor;
    const functions = [get, set, value].map((each) =>
      typeof each === "function"
        ? [each.name, each.length, Object.hasOwn(each, "prototype")]
        : null,
    );
    return [name, flags, functions];
  });
}
