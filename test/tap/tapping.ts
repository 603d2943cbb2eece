import { join } from "node:path";
import { startTap, type Tap, type TapOptions } from "../../src/tap/tap.js";
import type { TapHandlers } from "../../src/tap/tapped-connection.js";
import type { TappedRequest } from "../../src/tap/tapped-request.js";
import { makeFolder, until } from "../harness/server-process.js";

/** A tap, and what it has reported. */
export interface Tapping {
  readonly tap: Tap;
  /** Of a unix socket. */
  readonly path: string;
  readonly requests: TappedRequest[];
  readonly notes: string[];
  /** Waits until so many requests have ended. */
  ended(count: number): Promise<TappedRequest[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a tap in front of an address, on a unix socket unless `listen` says otherwise. */
export async function startTapping(
  to: string,
  options: Partial<TapOptions> & { at?: string } = {},
  handlers: Partial<TapHandlers> = {},
): Promise<Tapping> {
  const path = join(makeFolder(), "tap.sock");
  const listen = options.at ?? `unix:${path}`;
  const requests: TappedRequest[] = [];
  const notes: string[] = [];
  const tap = await startTap(
    { socketMode: 0o666, ...options, listen, to },
    {
      request: (request) => requests.push(request),
      note: (text) => notes.push(text),
      ...handlers,
    },
  );
  return {
    tap,
    path,
    requests,
    notes,
    async ended(count) {
      await until(
        () => requests.length >= count,
        () => `${requests.length} of ${count} requests have ended`,
      );
      return requests;
    },
    [Symbol.asyncDispose]: () => tap.stop(100),
  };
}
