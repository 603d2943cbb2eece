import type { Address } from "../address.js";
import { utf8 } from "../bytes.js";
import { channelsTo, targetAddress } from "../client/connect.js";
import { ErrorCode, GatewayError, withAddress } from "../errors.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { parseStatusPage } from "../status-page/read-page.js";
import { type Page, type PageOptions, readPage } from "./fetch-page.js";
import { type StatusPageOptions, statusQuery } from "./status-query.js";

export interface StatusOptions extends PageOptions, StatusPageOptions {
  /** Milliseconds until a connection that is not made is given up. Default: the timeout. */
  connectTimeout?: number | undefined;
}

/**
 * The status of a PHP-FPM pool, read over FastCGI.
 *
 * @param target an address, see {@link parseAddress}: `unix:/run/php/php8.2-fpm.sock:/status`
 * @throws GatewayError
 */
export async function status(
  target: string | Address,
  options: StatusOptions = {},
): Promise<PoolStatus> {
  return parseStatusPage(await fetchStatusPage(target, options));
}

/**
 * The status page of a PHP-FPM pool as the pool sent it.
 *
 * @throws GatewayError
 */
export async function fetchStatusPage(
  target: string | Address,
  options: StatusOptions = {},
): Promise<Uint8Array> {
  const { body } = await readFrom(target, "/status", statusQuery(options), options);
  return body;
}

/** A reply is a setting of the pool, and stands in one line of its file. */
const MAX_REPLY = 1_024;
const SHOWN = 60;

/**
 * Checks that a PHP-FPM pool answers.
 *
 * @returns its `ping.response`, which is `pong` by default
 * @throws GatewayError `not_a_ping_reply` for an answer that is not one line of plain text
 */
export async function ping(
  target: string | Address,
  options: Omit<StatusOptions, "full" | "format"> = {},
): Promise<string> {
  const { head, body } = await readFrom(target, "/ping", "", options);
  const reply = utf8(body);
  const type = head.get("content-type") ?? "";
  const isPlain = /^(text\/plain\s*(;|$)|$)/i.test(type);
  if (isPlain && isLine(reply) && body.length <= MAX_REPLY) return reply;
  const [line = ""] = reply.trimStart().split("\n");
  const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line.trimEnd();
  throw new GatewayError(
    ErrorCode.NotAPingReply,
    `the answer is no ping reply: ${JSON.stringify(shown)}`,
    { address: typeof target === "string" ? target : target.text },
  );
}

function isLine(text: string): boolean {
  const line = text.trim();
  return line !== "" && !line.includes("\n");
}

async function readFrom(
  target: string | Address,
  defaultPath: string,
  query: string,
  options: StatusOptions,
): Promise<Page> {
  const address = targetAddress(target);
  try {
    const open = channelsTo(fastCgiOnly(address), {
      connectTimeout: options.connectTimeout ?? options.timeout,
    });
    const path = address.path ?? options.path ?? defaultPath;
    return await readPage(open, { path, query }, options);
  } catch (error) {
    throw withAddress(error, address.text);
  }
}

function fastCgiOnly(address: Address): Address {
  if (address.protocol === "fcgi") return address;
  throw new GatewayError(
    ErrorCode.BadAddress,
    `PHP-FPM speaks FastCGI, and the address says ${address.protocol}`,
    { address: address.text },
  );
}
