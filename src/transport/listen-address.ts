import { fstatSync } from "node:fs";
import type net from "node:net";
import {
  type ListenAddress,
  Protocol,
  parseAddress,
  socketAddress,
  socketEndpoint,
} from "../address.js";
import { isObject } from "../arguments.js";
import { ErrorCode, GatewayError } from "../errors.js";

/**
 * Where to listen: an address, a `net.Server` that listens now or later, or the descriptor of a
 * socket that listens already (0 under spawn-fcgi, mod_fcgid and lighttpd, 3 under systemd).
 */
export type ListenTarget = string | ListenAddress | net.Server | { fd: number };

/**
 * Reads an address to listen on: any that clients take, or `http://` with a socket or a host and
 * port. A port alone (`9000`, `:9000`, `*:9000`) means all addresses of the machine; port 0 means
 * any free port.
 *
 * @throws GatewayError `bad_address`
 */
export function parseListenAddress(text: string): ListenAddress {
  try {
    return parsePort(text) ?? parseServed(text);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message, address, hint } = error;
    // The hint of every bad address is for clients.
    if (hint !== new GatewayError(code, message).hint) throw error;
    throw new GatewayError(code, message, {
      address,
      hint: "write where to listen as unix:/run/app.sock, 127.0.0.1:9000, or 9000 for all addresses",
    });
  }
}

/**
 * What a `listen` option names, with its address read.
 *
 * @throws GatewayError `bad_input` for a value that names nothing, `bad_address`
 */
export function listenTarget<Target extends object>(
  listen: string | Target,
  name = "listen",
): ListenAddress | Target {
  if (typeof listen === "string") return parseListenAddress(listen);
  const names = ["endpoint", "fd", "listen"];
  if (isObject(listen) && names.some((each) => each in listen)) return listen;
  throw new GatewayError(ErrorCode.BadInput, `${name} is ${String(listen)}, not an address`, {
    hint: `say where to listen: ${name}: "unix:/run/app.sock", or "127.0.0.1:9000"`,
  });
}

/** Reads an address without a host or with the port 0; undefined for any other address. */
function parsePort(text: string): ListenAddress | undefined {
  const pattern = /^((?!unix:)(?:[a-z][a-z0-9+.-]*:\/\/)?)(?:(|\*|[^/]*[^/:]):)?(\d{1,5})\/?$/i;
  const [, scheme = "", host = "*", digits] = pattern.exec(text.trim()) ?? [];
  const isAny = host === "" || host === "*";
  if (digits === undefined || (!isAny && Number(digits) !== 0)) return undefined;
  const port = Number(digits);
  const { protocol } = parseServed(`${scheme}127.0.0.1:1`);
  const named = socketAddress(text, protocol, `${isAny ? "127.0.0.1" : host}:${port || 1}`);
  const endpoint = socketEndpoint(named);
  if ("socketPath" in endpoint) return undefined;
  return { ...named, endpoint: { host: isAny ? "" : endpoint.host, port } };
}

/** Reads an address of any protocol that is served: clients do not speak `http://`. */
function parseServed(text: string): ListenAddress {
  const http = /^http:\/\/(.*)$/is.exec(text.trim())?.[1];
  const address =
    http === undefined ? parseAddress(text) : socketAddress(text, Protocol.Http, http);
  const { endpoint } = address;
  if (!("socketPath" in endpoint) || !endpoint.socketPath.startsWith("\0")) return address;
  throw new GatewayError(ErrorCode.BadAddress, `"${text}" is abstract: a server needs a path`, {
    address: text,
    hint: "an abstract socket has no permissions: give the path of a socket, or host:port",
  });
}

/**
 * The listening socket that this process was started with: one of systemd's (LISTEN_FDS), or
 * descriptor 0 (FastCGI 1.0 §2.2). Undefined when there is none.
 *
 * @param environment default: this process's
 */
export function inheritedListener(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { fd: number } | undefined {
  const isOurs = Number(environment["LISTEN_PID"] ?? process.pid) === process.pid;
  if (isOurs && Number(environment["LISTEN_FDS"] ?? 0) > 0) return { fd: 3 };
  try {
    return fstatSync(0).isSocket() ? { fd: 0 } : undefined;
  } catch {
    return undefined;
  }
}
