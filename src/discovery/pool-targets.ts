import { ErrorCode, GatewayError } from "../errors.js";
import { type DiscoveryOptions, discover } from "./discover.js";
import type { DiscoveredTarget, DiscoveryProblem } from "./discovery.js";

/** The pools of this machine for a command that was given none. */
export interface PoolTargets {
  /** The addresses with the path of the page; never empty. */
  readonly addresses: readonly string[];
  /** The pools that have no such page. */
  readonly without: readonly PoolWithoutPage[];
  /** The same pools, and what could not be read. */
  readonly problems: readonly DiscoveryProblem[];
}

/** A pool that was found, and does not have the page. */
export interface PoolWithoutPage {
  readonly name: string;
  readonly isRunning: boolean;
  readonly problem: DiscoveryProblem;
}

/**
 * Finds the addresses of one page of all pools of this machine. Pools that do not run are among
 * them, so that the command reports them.
 *
 * @throws GatewayError `bad_input` when there is no pool with this page
 */
export async function findPoolTargets(
  page: "status" | "ping",
  options: DiscoveryOptions = {},
): Promise<PoolTargets> {
  const { targets, problems } = await discover({ ...options, apache: false });
  const addresses: string[] = [];
  const without: PoolWithoutPage[] = [];
  const masterless: DiscoveryProblem[] = [];
  for (const target of targets) {
    const { source, state, problem: message = "", hint = "" } = target;
    if (state === "no master") masterless.push({ source, message, hint });
    const problem = pageProblem(target, page);
    if (problem !== undefined) {
      const name = target.configuration?.name ?? target.address;
      without.push({ name, isRunning: target.state !== "not running", problem });
    } else
      addresses.push(page === "ping" ? (target.pingAddress ?? target.address) : target.address);
  }
  const all = [...without.map(({ problem }) => problem), ...masterless, ...problems];
  if (addresses.length > 0) return { addresses, without, problems: all };
  const [first] = all;
  const why =
    first === undefined ? "no pool of php-fpm was found" : `${first.source}: ${first.message}`;
  throw new GatewayError(ErrorCode.BadInput, `no TARGET is given, and ${why}`, {
    hint:
      first?.hint ??
      "give an address, as in fcgi-probe status 127.0.0.1:9000/status; see fcgi-probe discover",
  });
}

/** Why a pool does not have the page. A socket without a configuration may have it. */
function pageProblem(
  { configuration, state, source, problem, hint }: DiscoveredTarget,
  page: "status" | "ping",
): DiscoveryProblem | undefined {
  if (configuration === undefined) return undefined;
  const { name, statusPath, pingPath } = configuration;
  if (page === "status") {
    if (statusPath !== undefined) return undefined;
    if (state === "status off") return { source, message: problem ?? "", hint: hint ?? "" };
    const line = '"pm.status_path = /status"';
    return { source, message: "pm.status_path is not set", hint: `add ${line} below [${name}]` };
  }
  if (pingPath !== undefined) return undefined;
  const file = source.replace(/:\d+$/, "");
  return {
    source,
    message: "ping.path is not set, so the pool answers no ping",
    hint: `add the line "ping.path = /ping" below [${name}] in ${file}, then reload php-fpm; a restart is not needed`,
  };
}
