import { existsSync } from "node:fs";
import { type Address, Protocol, parseAddress as parseAnywhere } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Connector } from "../transport/connection.js";
import { nodeConnector } from "../transport/node-socket.js";
import { type Trace, tracingConnector } from "../transport/tracing.js";
import { connectionPerRequest, type OpenChannel } from "./channel.js";
import { type KeepOptions, KeptConnections } from "./kept-connections.js";
import { type ProgramOptions, programPerRequest } from "./program-channel.js";

export type { Address } from "../address.js";

/**
 * Reads an address: `127.0.0.1:9000/status`, `[::1]:9000/status`, `unix:/run/x.sock:/status`,
 * `unix:@name` for a socket in Linux' abstract namespace, or `cgi:/usr/lib/cgi-bin/x`. The protocol
 * is FastCGI unless it says `scgi://` or `uwsgi://`. A socket whose path has `:` or `;` in it is
 * found when it exists.
 *
 * @throws GatewayError `bad_address`
 */
export function parseAddress(text: string): Address {
  return parseAnywhere(text, existsSync);
}

export interface ConnectOptions {
  /** Milliseconds until a connection that is not made is given up. Default 5,000. */
  connectTimeout?: number | undefined;
  /** Sees the connection's bytes, both ways. It must not use the engine while it runs. */
  trace?: Trace | undefined;
  /** How the program of a `cgi:` address is run. */
  program?: ProgramOptions | undefined;
}

function connectorTo(address: Address, options: ConnectOptions): Connector {
  const connector = nodeConnector(address, options);
  return options.trace === undefined ? connector : tracingConnector(connector, options.trace);
}

/** Channels to an address: for each request a new connection, or with CGI a run of the program. */
export function channelsTo(address: Address, options: ConnectOptions = {}): OpenChannel {
  const { endpoint } = address;
  if ("program" in endpoint) {
    return programPerRequest(endpoint.program, { ...options.program, trace: options.trace });
  }
  return connectionPerRequest(connectorTo(address, options));
}

/**
 * Connections to an address that are kept for further requests: give them to `gatewayFetch`, and
 * close them when they are not needed any more.
 *
 * @throws GatewayError `bad_input` for a protocol other than FastCGI, whose connections serve once
 */
export function keepConnections(
  address: string | Address,
  options: ConnectOptions & KeepOptions = {},
): KeptConnections {
  const parsed = typeof address === "string" ? parseAddress(address) : address;
  if (parsed.protocol !== Protocol.FastCgi) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `${parsed.protocol} has a connection for each request: there is none to keep`,
      { address: parsed.text },
    );
  }
  return new KeptConnections(connectorTo(parsed, options), options);
}
