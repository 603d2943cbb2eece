import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { statSync } from "node:fs";
import type net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type SocketEndpoint, withoutBrackets } from "../address.js";
import { isOwnAddress } from "../transport/own-address.js";
import { placesOf } from "../transport/tcp-table.js";

/** Milliseconds that the name of a backend's host may take. */
const LOOKUP_TIME = 2_000;

/**
 * Looks an address up, and returns a function that says whether a server listens where it leads to,
 * however the two are written: through a link to its socket, by another name of the host, or by an
 * address that the server's covers. A name that is not found in two seconds is taken for another host.
 */
export async function loopTest(endpoint: SocketEndpoint): Promise<(server: net.Server) => boolean> {
  if ("socketPath" in endpoint) {
    return (server) => {
      const bound = server.address();
      return typeof bound === "string" && isSameSocket(bound, endpoint.socketPath);
    };
  }
  const late = sleep(LOOKUP_TIME, [] as LookupAddress[], { ref: false });
  const found = await Promise.race([
    lookup(withoutBrackets(endpoint.host), { all: true }).catch(() => []),
    late,
  ]);
  const addresses = found.map(({ address }) => anyAddress.get(address) ?? address);
  return (server) => {
    const bound = server.address();
    if (bound === null || typeof bound === "string" || bound.port !== endpoint.port) return false;
    const isEverywhere = anyAddress.has(bound.address);
    return addresses.some(
      (address) =>
        hexOf(address) === hexOf(bound.address) || (isEverywhere && isOwnAddress(address)),
    );
  };
}

/** A connection to all addresses leads to the loopback. */
const anyAddress: ReadonlyMap<string, string> = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);

function hexOf(address: string): string | undefined {
  return placesOf(address)[0];
}

function isSameSocket(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    const [first, second] = [statSync(one), statSync(other)];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    // One is abstract, or missing, or leads where this user may not look: connecting tells it.
    return false;
  }
}
