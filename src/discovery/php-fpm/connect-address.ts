import { isInternet } from "./check-pools.js";

/**
 * The address that leads to a value of `listen`. A pool that listens on all addresses is reached by
 * loopback.
 */
export function connectAddress(listen: string): string {
  if (!isInternet(listen)) return `unix:${listen}`;
  const host = hostOf(listen);
  // php-fpm reads a port as C does: 09000 is 9000.
  const port = Number.parseInt(listen.slice(listen.lastIndexOf(":") + 1), 10) || 0;
  if (isAnyIPv4(host)) return `127.0.0.1:${port}`;
  if (isAnyIPv6(host)) return `[::1]:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a pool with this `listen` accepts connections on all addresses of the machine. */
export function isOnAllAddresses(listen: string): boolean {
  const host = hostOf(listen);
  return isInternet(listen) && (isAnyIPv4(host) || isAnyIPv6(host));
}

const hostOf = (listen: string): string =>
  listen.slice(0, Math.max(listen.lastIndexOf(":"), 0)).replace(/^\[|\]$/g, "");
const isAnyIPv4 = (host: string): boolean => host === "" || host === "*" || host === "0.0.0.0";
const isAnyIPv6 = (host: string): boolean => /^[0:]+$/.test(host);
