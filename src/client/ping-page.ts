import type { Address } from "../address.js";
import { utf8 } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { gatewayFetch } from "./fetch.js";

/** The most bytes of a reply, which is one line of a pool's configuration. */
const MAX_REPLY = 1_024;
/** How many characters of any other answer the error quotes. */
const SHOWN = 60;

export interface PingPageOptions {
  /** The path of the page, such as `/ping`. */
  path: string;
  /** Milliseconds that the answer may take. */
  timeout: number;
  signal: AbortSignal;
}

/**
 * Asks for the ping page of a pool of {@link startPool} by any protocol, as PHP-FPM's is asked for by
 * FastCGI.
 *
 * @returns the reply, by default `pong`
 * @throws GatewayError `page_not_found` or `bad_status` for an answer that is no success;
 * `not_a_ping_reply` for one that is not one line of plain text
 */
export async function pingPage(
  address: Address,
  { path, timeout, signal }: PingPageOptions,
): Promise<string> {
  const request = new Request(`http://localhost${path}`);
  const response = await gatewayFetch(address, request, { timeout, signal });
  const body = new Uint8Array(await response.arrayBuffer());
  const { status } = response;
  if (status < 200 || status > 299) {
    const code = status === 404 ? ErrorCode.PageNotFound : ErrorCode.BadStatus;
    throw new GatewayError(code, `the backend answered ${path} with ${status}`, {
      address: address.text,
      hint: "set the ping page of the application: of fcgi-probe serve by --ping-path /ping",
    });
  }
  return pingReply(body, response.headers.get("content-type") ?? "", address.text);
}

/**
 * The reply in the body of a ping page.
 *
 * @throws GatewayError `not_a_ping_reply` for a body that is not one line of plain text
 */
export function pingReply(body: Uint8Array, mediaType: string, address: string): string {
  const reply = utf8(body);
  const isPlain = /^(text\/plain\s*(;|$)|$)/i.test(mediaType);
  if (isPlain && isLine(reply) && body.length <= MAX_REPLY) return reply;
  const [line = ""] = reply.trimStart().split("\n");
  const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line.trimEnd();
  const message = `the answer is not a ping reply: ${JSON.stringify(shown)}`;
  throw new GatewayError(ErrorCode.NotAPingReply, message, { address });
}

function isLine(text: string): boolean {
  const line = text.trim();
  return line !== "" && !line.includes("\n");
}
