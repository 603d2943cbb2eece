import { type Address, Protocol } from "../address.js";
import { checkOptions } from "../client/check-options.js";
import { channelsTo, targetAddress } from "../client/connect.js";
import { pingReply } from "../client/ping-page.js";
import { ErrorCode, GatewayError, withAddress } from "../errors.js";
import {
  type FleetOptions,
  type FleetResult,
  type Probe,
  probeAll,
  probeInBatches,
} from "../fleet/probe.js";
import { retry } from "../fleet/retry.js";
import type { FleetTargets } from "../fleet/target-reader.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { parseStatusPage } from "../status-page/read-page.js";
import {
  type FetchedPage,
  type FetchPageOptions,
  fetchPage,
  type SilenceOptions,
  type StatusPageOptions,
  statusQuery,
} from "./fetch-page.js";
import { StatusThreads } from "./status-threads.js";

export interface PingOptions extends FetchPageOptions {
  /** The path of the page, for addresses without one. Default: `/ping`. */
  path?: string | undefined;
  /** Milliseconds that a connection may take to open. Default: the timeout; 0 leaves no time. */
  connectTimeout?: number | undefined;
  /** How many times a pool that is busy for a moment is asked again. Default: 1; 0 never retries. */
  retries?: number | undefined;
}

export interface StatusOptions extends StatusPageOptions, PingOptions {
  /** The path of the page, for addresses without one. Default: `/status`. */
  path?: string | undefined;
}

/**
 * Reads the status of a PHP-FPM pool over FastCGI.
 *
 * @param target an address, see {@link parseAddress}: `unix:/run/php/php8.2-fpm.sock:/status`
 * @throws GatewayError
 * @throws TypeError that names a wrong argument
 */
export async function status(
  target: string | Address,
  options?: StatusOptions,
): Promise<PoolStatus> {
  if (options !== undefined) checkOptions("options", options);
  return patientStatus(target, options ?? {});
}

/** Does as {@link status}, for a caller that may keep a request that is late. */
export async function patientStatus(
  target: string | Address,
  options: StatusOptions & SilenceOptions,
): Promise<PoolStatus> {
  const address = targetAddress(target);
  const { body } = await fetchFrom(address, "/status", statusQuery(options), options);
  try {
    return parseStatusPage(body);
  } catch (error) {
    throw withAddress(error, address.text);
  }
}

/**
 * Fetches the status page of a PHP-FPM pool as the pool sends it.
 *
 * @throws GatewayError
 */
export async function fetchStatusPage(
  target: string | Address,
  options: StatusOptions = {},
): Promise<Uint8Array> {
  checkOptions("options", options);
  const { body } = await fetchFrom(target, "/status", statusQuery(options), options);
  return body;
}

/** The result of one pool. */
export type PoolResult = FleetResult<PoolStatus>;

export interface PoolFleetOptions extends FleetOptions, Pick<StatusOptions, "full"> {
  /**
   * Threads that read the pools, at most 256. They relieve the calling thread where other cores are
   * idle, and need more CPU in all. Default: 0; the calling thread reads them.
   */
  threads?: number | undefined;
}

/**
 * Reads the status of many PHP-FPM pools. Results come in the order of completion.
 *
 * @throws GatewayError `bad_input` for a number of threads that is out of range; `incomplete_bundle`
 * for threads in a bundle without this package beside it
 * @throws TypeError that names a wrong argument, also targets that are not iterable
 */
export function fleet(
  targets: Iterable<string> | AsyncIterable<string>,
  options: PoolFleetOptions = {},
): AsyncGenerator<PoolResult, void, undefined> {
  checkOptions("options", options);
  const { probe, close } = poolReader(options);
  return probeAll(targets, probe, options, close);
}

/** Does as {@link fleet}, and yields lists of the results that have come in. */
export function fleetInBatches(
  targets: FleetTargets,
  options: PoolFleetOptions = {},
): AsyncGenerator<PoolResult[], void, undefined> {
  const { probe, close } = poolReader(options);
  return probeInBatches(targets, probe, options, close);
}

/** Reads one pool at a time. The fleet retries. */
function poolReader({ full, threads = 0 }: PoolFleetOptions): {
  probe: Probe<PoolStatus>;
  close?: () => Promise<void>;
} {
  if (threads !== 0) {
    const reader = new StatusThreads(threads, full === true);
    return { probe: reader.probe, close: () => reader.close() };
  }
  return {
    probe: (target, { timeout, signal }) =>
      patientStatus(target, { timeout, signal, full, retries: 0 }),
  };
}

/**
 * Checks that a PHP-FPM pool answers.
 *
 * @returns its `ping.response`, by default `pong`
 * @throws GatewayError `not_a_ping_reply` for an answer that is not one line of plain text
 */
export async function ping(target: string | Address, options: PingOptions = {}): Promise<string> {
  checkOptions("options", options);
  return patientPing(target, options);
}

/** Does as {@link ping}, for a caller that may keep a request that is late. */
export async function patientPing(
  target: string | Address,
  options: PingOptions & SilenceOptions,
): Promise<string> {
  const { head, body } = await fetchFrom(target, "/ping", "", options);
  const type = head.get("content-type") ?? "";
  return pingReply(body, type, typeof target === "string" ? target : target.text);
}

/** The errors of a pool that was busy for a moment. */
const momentary: ReadonlySet<ErrorCode> = new Set([ErrorCode.ServerBusy]);

async function fetchFrom(
  target: string | Address,
  defaultPath: string,
  query: string,
  options: StatusOptions & SilenceOptions,
): Promise<FetchedPage> {
  const address = targetAddress(target);
  try {
    if (address.protocol !== Protocol.FastCgi) {
      const message = `PHP-FPM speaks FastCGI, and the address says ${address.protocol}`;
      throw new GatewayError(ErrorCode.BadAddress, message);
    }
    // Without a time of its own, connecting ends at the timeout of the whole request.
    const { connectTimeout = Number.POSITIVE_INFINITY } = options;
    const open = channelsTo(address, { connectTimeout });
    const page = { path: address.path ?? options.path ?? defaultPath, query };
    const { maxLength, drainTimeout, signal, onSilence } = options;
    const ask = (timeout: number) =>
      fetchPage(open, page, { timeout, maxLength, drainTimeout, signal, onSilence });
    return await retry(ask, momentary, options);
  } catch (error) {
    throw withAddress(error, address.text);
  }
}
