import type { ServerStatus } from "../apache/page/server-status.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { ReadTarget } from "./read-target.js";
import type { ScrapeTarget } from "./target.js";
import { parsedAddress } from "./target-address.js";

/**
 * Reads a place once at a time, however many targets name it: through `/probe`, one place has many
 * spellings, each of which is a target with counts and labels of its own.
 */
export function sharedReads(read: ReadTarget): ReadTarget {
  const flights = new Map<string, Flight>();
  return (target, limits) => {
    const key = keyOf(target);
    const known = flights.get(key);
    if (known !== undefined) {
      known.isShared = true;
      return known.status;
    }
    const started = read(target, limits);
    const flight: Flight = {
      isShared: false,
      status: started.then((status) => {
        if (flight.isShared) shared.add(status);
        return status;
      }),
    };
    flights.set(key, flight);
    const end = () => void flights.delete(key);
    flight.status.then(end, end);
    return flight.status;
  };
}

interface Flight {
  readonly status: Promise<PoolStatus | ServerStatus>;
  isShared: boolean;
}

const shared = new WeakSet<PoolStatus | ServerStatus>();

/** Whether several targets have this status: what one of them drops, another one may show. */
export function isShared(status: PoolStatus | ServerStatus): boolean {
  return shared.has(status);
}

const keys = new WeakMap<ScrapeTarget, string>();

/** Equal for targets whose pages are the same, and are read in the same way. */
function keyOf(target: ScrapeTarget): string {
  let key = keys.get(target);
  if (key === undefined) {
    const { kind, timeout, http, configuration } = target;
    key = JSON.stringify([kind, timeout, http, configuration?.statusListen, placeOf(target)]);
    keys.set(target, key);
  }
  return key;
}

function placeOf(target: ScrapeTarget): unknown {
  const { kind, address, connectTo = address } = target;
  if (kind === "apache") return URL.canParse(connectTo) ? new URL(connectTo).href : connectTo;
  try {
    const { endpoint, path = "/status", protocol } = parsedAddress(target, connectTo);
    return [protocol, endpoint, path];
  } catch {
    return connectTo;
  }
}
