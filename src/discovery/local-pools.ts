import { existsSync, realpathSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Protocol, parseAddress, type SocketEndpoint, withoutBrackets } from "../address.js";
import { placesOf } from "../transport/tcp-table.js";
import type { PoolConfiguration } from "./pool-configuration.js";

/** The pools of this machine by the sockets that they listen on. */
export class LocalPools {
  readonly #bySocket = new Map<string, PoolConfiguration>();
  /** Pools that listen on all addresses, by their ports. */
  readonly #byPort = new Map<number, PoolConfiguration>();
  readonly #ownAddresses: ReadonlySet<string>;

  /** @param pools where two of them have one socket, the first one counts */
  constructor(pools: Iterable<PoolConfiguration>) {
    const own = Object.values(networkInterfaces()).flatMap((interfaces = []) =>
      interfaces.map(({ address }) => address),
    );
    this.#ownAddresses = new Set(own.flatMap(exactPlace));
    for (const pool of pools) {
      for (const address of [pool.listen, pool.statusListen]) this.#add(pool, address);
    }
  }

  /**
   * The pool that an address leads to: by the socket without symbolic links, or by an address of
   * this machine and the port. `undefined` where no pool that is known here has it.
   */
  at(address: string): PoolConfiguration | undefined {
    const endpoint = endpointOf(address);
    if (endpoint === undefined) return undefined;
    for (const key of keysOf(endpoint)) {
      const pool = this.#bySocket.get(key);
      if (pool !== undefined) return pool;
    }
    return "port" in endpoint && this.#isHere(endpoint.host)
      ? this.#byPort.get(endpoint.port)
      : undefined;
  }

  /** Whether an address leads to this machine. Of names, only that of localhost is known to. */
  isHere(address: string): boolean {
    const endpoint = endpointOf(address);
    return endpoint !== undefined && (!("port" in endpoint) || this.#isHere(endpoint.host));
  }

  #add(pool: PoolConfiguration, address: string | undefined): void {
    const endpoint = address === undefined ? undefined : endpointOf(address);
    if (endpoint === undefined) return;
    for (const key of keysOf(endpoint)) {
      if (!this.#bySocket.has(key)) this.#bySocket.set(key, pool);
    }
    if (!("port" in endpoint) || address !== pool.listen || !pool.listensEverywhere) return;
    if (!this.#byPort.has(endpoint.port)) this.#byPort.set(endpoint.port, pool);
  }

  #isHere(host: string): boolean {
    return hexAddresses(host).some((hex) => LOOPBACK.test(hex) || this.#ownAddresses.has(hex));
  }
}

/** Whether an address of a pool is that of its `pm.status_listen`, where none of its workers answers. */
export function isStatusListen(pool: PoolConfiguration, address: string): boolean {
  if (pool.statusListen === undefined) return false;
  return new LocalPools([{ ...pool, statusListen: undefined }]).at(address) === undefined;
}

/** 127.0.0.0/8, mapped into IPv6, and ::1. */
const LOOPBACK = /^(0{20}ffff7f|0{31}1$)/;

function endpointOf(address: string): SocketEndpoint | undefined {
  try {
    const { protocol, endpoint } = parseAddress(address, existsSync);
    return protocol !== Protocol.FastCgi || "program" in endpoint ? undefined : endpoint;
  } catch {
    return undefined;
  }
}

function keysOf(endpoint: SocketEndpoint): string[] {
  if ("port" in endpoint)
    return hexAddresses(endpoint.host).map((hex) => `${hex}:${endpoint.port}`);
  return [realSocket(endpoint.socketPath)];
}

/** The path without links. Of a socket that is missing, its folder's. */
function realSocket(path: string): string {
  if (path.startsWith("\0")) return path;
  const whole = resolve(path);
  return realPathOf(whole) ?? join(realPathOf(dirname(whole)) ?? dirname(whole), basename(whole));
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

/** The addresses of a host, as hexadecimal digits; none of a name other than localhost. */
function hexAddresses(host: string): string[] {
  const address = withoutBrackets(host);
  return (address === "localhost" ? ["127.0.0.1", "::1"] : [address]).flatMap(exactPlace);
}

const exactPlace = (address: string): string[] => placesOf(address).slice(0, 1);
