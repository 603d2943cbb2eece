import { parseAddress, type SocketEndpoint, socketEndpoint } from "../../address.js";
import { GatewayError } from "../../errors.js";
import { removedSocketHint } from "../../transport/removed-socket.js";
import type { DiscoveredTarget, DiscoveryProblem } from "../discovery.js";
import type { PoolConfiguration } from "../pool-configuration.js";
import { type PhpFpmMaster, type PhpFpmMasters, realPath } from "./masters.js";
import { type Account, accessTo, isAllowedClient, predictDenial } from "./permissions.js";
import { expand, installedConfigurations, prefixOf, versionIn } from "./places.js";
import type { ReadProblem } from "./read-configuration.js";
import { readPhpFpmConfiguration } from "./read-pools.js";

export interface FindPoolsOptions {
  /** The main files to read, also as patterns. Default: those of running masters and of packages. */
  readonly files?: readonly string[] | undefined;
  /** The running masters, and what could not be found out about others. */
  readonly masters: Pick<PhpFpmMasters, "masters" | "problems">;
  /** Who would connect; `undefined` where the system has no users. */
  readonly account: Account | undefined;
  /** Whether a socket listens in this network namespace, by the kernel's tables. */
  readonly listens: (endpoint: SocketEndpoint) => boolean;
}

/** The pools of this machine, and the files and folders that tell when they change. */
export interface FoundPools {
  readonly targets: readonly DiscoveredTarget[];
  readonly problems: readonly DiscoveryProblem[];
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Finds the pools of php-fpm by its configuration files, also those without a process. */
export function findPools(options: FindPoolsOptions): FoundPools {
  const { masters, problems: hidden } = options.masters;
  const problems = hidden.map((problem) => ({
    ...problem,
    hint: "run this command there, or as root",
  }));
  const targets: DiscoveredTarget[] = [];
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const file of mainFiles(options.files, masters, problems)) {
    const own = masters.filter((master) => master.file === file);
    files.add(file);
    try {
      const program = own[0]?.program;
      const lookUp = (name: string) => masterVariable(name, own);
      const found = readPhpFpmConfiguration(file, { prefix: prefixOf(file, program), lookUp });
      for (const each of found.files) files.add(each);
      for (const each of found.folders) folders.add(each);
      problems.push(...found.problems.map(withHint));
      const version = versionIn(file) ?? versionIn(program ?? "");
      for (const pool of found.pools) {
        targets.push(targetOf(pool, version, own.length > 0, options));
      }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const running = own.length > 0 ? "; php-fpm still runs with what it read before" : "";
      problems.push({ source: file, message: `${error.message}${running}`, hint: error.hint });
    }
  }
  return { targets, problems, files: [...files], folders: [...folders] };
}

function mainFiles(
  given: readonly string[] | undefined,
  masters: readonly PhpFpmMaster[],
  problems: DiscoveryProblem[],
): string[] {
  const unreadable: ReadProblem[] = [];
  let files: string[];
  if (given === undefined) {
    const installed = installedConfigurations();
    unreadable.push(...installed.problems);
    files = [...masters.map(({ file }) => file), ...installed.files];
  } else {
    files = given.flatMap((path) => (/[*?[]/.test(path) ? expand(path, unreadable) : [path]));
  }
  problems.push(...unreadable.map(withHint));
  return [...new Set(files.map(realPath))];
}

/**
 * A variable in the environment of masters. All masters with one configuration must agree. Names in
 * lower case may be settings of php.ini.
 */
export function masterVariable(name: string, masters: readonly PhpFpmMaster[]): string | undefined {
  const [first] = masters;
  if (first === undefined || !/^[A-Z_][A-Z0-9_]*$/.test(name)) return undefined;
  const values = masters.map(({ environment }) =>
    environment === undefined ? undefined : (environment.get(name) ?? ""),
  );
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

function withHint({ source, message }: ReadProblem): DiscoveryProblem {
  const hint = message.includes("depends on")
    ? "the environment of php-fpm's master decides it, which cannot be seen: give the pool's address yourself"
    : "run as a user who may read it, such as root, or give the pool's address yourself";
  return { source, message, hint };
}

function targetOf(
  pool: PoolConfiguration,
  version: string | undefined,
  isRunning: boolean,
  options: FindPoolsOptions,
): DiscoveredTarget {
  const { name, file = "", source, statusPath, pingPath, listen } = pool;
  // The status socket answers while all workers are busy.
  const base = statusPath === undefined ? listen : (pool.statusListen ?? listen);
  const separator = (address: string) => (address.startsWith("unix:") ? ":" : "");
  const target = {
    kind: "phpfpm",
    address: statusPath === undefined ? base : `${base}${separator(base)}${statusPath}`,
    pingAddress: pingPath === undefined ? undefined : `${listen}${separator(listen)}${pingPath}`,
    labels: { pool: name, ...(version !== undefined && { php_version: version }), config: file },
    source,
    configuration: pool,
    host: undefined,
  } as const;
  return { ...target, ...stateOf(pool, base, isRunning, options) };
}

type State = Pick<DiscoveredTarget, "state" | "problem" | "hint">;

/** A state with what is wrong, and what to do about it. */
type Fault = { readonly [Key in keyof State]: NonNullable<State[Key]> };

/** All that is wrong with a pool: its state is that of the first fault. */
function stateOf(
  pool: PoolConfiguration,
  base: string,
  isRunning: boolean,
  options: FindPoolsOptions,
): State {
  const faults = faultsOf(pool, base, isRunning, options);
  const [first] = faults;
  if (first === undefined) return { state: "ready", problem: undefined, hint: undefined };
  return {
    state: first.state,
    problem: faults.map(({ problem }) => problem).join("; "),
    hint: faults.map(({ hint }) => hint).join("; "),
  };
}

function faultsOf(
  pool: PoolConfiguration,
  base: string,
  isRunning: boolean,
  { account, listens }: FindPoolsOptions,
): Fault[] {
  const endpoint = endpointOf(base);
  if (endpoint === undefined) {
    return [{ state: "unknown", problem: `${base} is no address`, hint: "correct its listen" }];
  }
  const faults: Fault[] = [];
  const denied = account && denialOf(pool, endpoint, account);
  if (denied !== undefined && denied !== "missing")
    faults.push({ state: "no permission", ...denied });
  else if (denied === "missing" || !listens(endpoint)) {
    faults.push(listens(endpoint) ? socketRemoved(base) : notRunning(pool, base, isRunning));
    const predicted = account && denied === "missing" ? predictDenial(pool, account) : undefined;
    if (predicted !== undefined) faults.push({ state: "no permission", ...predicted });
  }
  if (pool.statusPath === undefined) faults.push(statusOff(pool));
  return faults;
}

function statusOff({ name, source }: PoolConfiguration): Fault {
  return {
    state: "status off",
    problem: "pm.status_path is not set, so the pool has no status page",
    hint: `add the line "pm.status_path = /status" below [${name}] in ${source.replace(/:\d+$/, "")}, then reload php-fpm; a restart is not needed`,
  };
}

function socketRemoved(base: string): Fault {
  return {
    state: "not running",
    problem: `the socket file of ${base} was removed, and php-fpm still listens on it`,
    hint: removedSocketHint,
  };
}

function notRunning(pool: PoolConfiguration, base: string, isRunning: boolean): Fault {
  const file = pool.file ?? "";
  return isRunning
    ? {
        state: "not running",
        problem: `php-fpm runs, but nothing listens at ${base}`,
        hint: `reload php-fpm, which may run with an older ${file}; if it was started with -p, give the address yourself`,
      }
    : {
        state: "not running",
        problem: `no php-fpm runs with ${file}, and nothing listens at ${base}`,
        hint: "start php-fpm; if it runs in a container, run this command there",
      };
}

function endpointOf(address: string): SocketEndpoint | undefined {
  try {
    return socketEndpoint(parseAddress(address, () => true));
  } catch {
    return undefined;
  }
}

function denialOf(pool: PoolConfiguration, endpoint: SocketEndpoint, account: Account) {
  if ("port" in endpoint) {
    if (isAllowedClient(pool.allowedClients, endpoint.host)) return undefined;
    return {
      problem: `listen.allowed_clients does not admit ${endpoint.host}`,
      hint: `add ${endpoint.host} to listen.allowed_clients of pool ${pool.name}, then reload php-fpm`,
    };
  }
  const access = accessTo(endpoint.socketPath);
  if (access === "allowed") return undefined;
  const predicted = predictDenial(pool, account);
  if (access === "missing") return "missing";
  const hint = predicted?.hint ?? "let this user pass the folders on the way to the socket";
  return { problem: predicted?.problem ?? access.problem, hint };
}
