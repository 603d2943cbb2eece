import { isFetchRequest, isObject, wrongArgument } from "../../arguments.js";
import type { Variable } from "../../cgi/variables.js";
import type { GatewayClient } from "../create-client.js";
import { type FrontEndInit, type FrontEndOptions, WebFrontEnd } from "./front-end.js";

/** The other end of a request's connection, as far as a server knows it. */
export interface RequestPeer {
  /** REMOTE_ADDR. */
  remoteAddress?: string | undefined;
  /** REMOTE_PORT. */
  remotePort?: number | undefined;
}

/** A Fetch handler. What servers pass besides the Request, such as Deno's info, is ignored. */
export type FetchHandler = (request: Request, peer?: RequestPeer | object) => Promise<Response>;

/**
 * Makes a handler for any Fetch server, such as Hono's or `Deno.serve`, that passes requests on to a
 * backend: `app.all("*", (c) => php(c.req.raw))`. See {@link toNodeHandler}.
 *
 * @throws GatewayError as `createClient`; `bad_input` for `static` without `root`
 * @throws TypeError that names a wrong argument
 */
export function toFetchHandler(client: GatewayClient, options?: FrontEndOptions): FetchHandler;
export function toFetchHandler(options: FrontEndInit): FetchHandler;
export function toFetchHandler(
  from: GatewayClient | FrontEndInit,
  options?: FrontEndOptions,
): FetchHandler {
  const frontEnd = new WebFrontEnd(from, options);
  return async (request, peer = {}) => {
    if (!isFetchRequest(request)) throw wrongArgument("request", request, "a Request");
    try {
      const { pathname } = new URL(request.url);
      const variables = peerVariables(isObject(peer) ? peer : {});
      return await frontEnd.answer({ request, pathname, mount: "", variables });
    } catch (error) {
      return frontEnd.failed(error, request);
    }
  };
}

function peerVariables({ remoteAddress, remotePort }: RequestPeer): Variable[] {
  const variables: Variable[] = [];
  if (typeof remoteAddress === "string") variables.push(["REMOTE_ADDR", remoteAddress]);
  if (typeof remotePort === "number") variables.push(["REMOTE_PORT", `${remotePort}`]);
  return variables;
}
