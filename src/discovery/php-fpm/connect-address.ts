import { isInternet } from "./check-pools.js";

/**
 * The address that leads to a value of `listen`. A pool that listens on all addresses is reached by
 * loopback.
 */
export function connectAddress(listen: string): string {
  if (!isInternet(listen)) return `unix:${listen}`;
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, "");
  // php-fpm reads a port as C does: 09000 is 9000.
  const port = Number.parseInt(listen.slice(colon + 1), 10) || 0;
  if (host === "" || host === "*" || host === "0.0.0.0") return `127.0.0.1:${port}`;
  if (/^[0:]+$/.test(host)) return `[::1]:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
