import { promises as dns, type LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { parseAddress } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { DiscoveredTarget, Discovery, DiscoveryProblem } from "./discovery.js";

/** How names are resolved: by DNS and the system, or by a fake in tests. */
export interface NameResolver {
  /** The addresses of a host, A and AAAA, in the system's order. */
  lookup(host: string): Promise<readonly LookupAddress[]>;
  /** The hosts and ports of a service (RFC 2782). */
  services(name: string): Promise<readonly { readonly name: string; readonly port: number }[]>;
}

export interface ResolveNamesOptions {
  /** Milliseconds that all names may take. Default: 5,000. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly resolver?: NameResolver | undefined;
}

const systemResolver: NameResolver = {
  lookup: (host) => dns.lookup(host, { all: true, order: "verbatim" }),
  services: (name) => dns.resolveSrv(name),
};

const DEFAULT_TIMEOUT = 5_000;
/** The most addresses of one name. */
const MAX_ADDRESSES = 1_000;

/**
 * Resolves names to pools, each address a target: `pools.example:9000/status` by A and AAAA,
 * `_fcgi._tcp.pools.example/status` by SRV. Names that have no address in time are problems.
 */
export async function resolveNames(
  names: readonly string[],
  { timeout = DEFAULT_TIMEOUT, signal, resolver = systemResolver }: ResolveNamesOptions = {},
): Promise<Discovery> {
  const problems: DiscoveryProblem[] = [];
  const deadline = deadlineOf(timeout, signal);
  try {
    const found = await Promise.all(
      names.map(async (name): Promise<DiscoveredTarget[]> => {
        try {
          return await Promise.race([targetsOf(name, resolver), deadline.passed]);
        } catch (error) {
          problems.push(problemOf(name, error));
          return [];
        }
      }),
    );
    return { targets: found.flat(), problems };
  } finally {
    deadline.clear();
  }
}

/** A promise that rejects after a time, or on abort: resolution itself cannot be cancelled. */
function deadlineOf(timeout: number, signal: AbortSignal | undefined) {
  let clear = () => {};
  const passed = new Promise<never>((_, reject) => {
    const fail = (code: ErrorCode, message: string) => () => {
      reject(new GatewayError(code, message, { hint: resolveHint }));
    };
    const late = fail(ErrorCode.Deadline, `is not resolved after ${timeout} ms`);
    const aborted = fail(ErrorCode.Aborted, "was not resolved: the caller cancelled it");
    const timer = setTimeout(late, timeout);
    signal?.addEventListener("abort", aborted, { once: true });
    if (signal?.aborted) aborted();
    clear = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    };
  });
  passed.catch(() => {});
  return { passed, clear };
}

const resolveHint = "check the name, and the servers in /etc/resolv.conf";

async function targetsOf(name: string, resolver: NameResolver): Promise<DiscoveredTarget[]> {
  const path = /^(_[^/:]+)(\/.*)?$/s.exec(name);
  const endpoints =
    path === null ? [endpointOf(name)] : await serviceEndpoints(path[1]!, path[2] ?? "", resolver);
  const targets = await Promise.all(
    endpoints.map(async ({ host, port, path, scheme }) => {
      const addresses = isIP(host) > 0 ? [{ address: host }] : await resolver.lookup(host);
      return addresses.map(({ address }) => {
        const shown = address.includes(":") ? `[${address}]` : address;
        return targetAt(`${scheme}${shown}:${port}${path}`, name);
      });
    }),
  );
  const all = targets.flat();
  if (all.length > MAX_ADDRESSES) {
    const message = `has ${all.length} addresses, more than ${MAX_ADDRESSES}`;
    throw new GatewayError(ErrorCode.LimitExceeded, message);
  }
  return all;
}

interface NamedEndpoint {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly scheme: string;
}

function endpointOf(name: string): NamedEndpoint {
  const { endpoint, path = "", protocol } = parseAddress(name);
  if (!("port" in endpoint)) {
    throw new GatewayError(ErrorCode.BadInput, "is not a name with a port", {
      hint: "write name:port/path, or the name of SRV records, as in _fcgi._tcp.example.com/status",
    });
  }
  return { ...endpoint, path, scheme: protocol === "fcgi" ? "" : `${protocol}://` };
}

async function serviceEndpoints(
  name: string,
  path: string,
  resolver: NameResolver,
): Promise<NamedEndpoint[]> {
  const services = await resolver.services(name);
  return services.map(({ name: host, port }) => ({ host, port, path, scheme: "" }));
}

function targetAt(address: string, name: string): DiscoveredTarget {
  return {
    kind: "phpfpm",
    address,
    pingAddress: undefined,
    labels: { name },
    source: name,
    state: "unknown",
    problem: undefined,
    hint: undefined,
    configuration: undefined,
    host: undefined,
  };
}

function problemOf(source: string, error: unknown): DiscoveryProblem {
  if (error instanceof GatewayError) {
    return { source, message: error.message, hint: error.hint };
  }
  const { code = String(error) } = error as NodeJS.ErrnoException;
  return { source, message: `cannot be resolved (${code})`, hint: resolveHint };
}
