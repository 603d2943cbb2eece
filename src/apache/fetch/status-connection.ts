import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls } from "node:tls";

/** The addresses of the socket that a page came by, as node:net gives them. */
export interface StatusConnection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

export interface StatusConnectionOptions {
  /** The name that the certificate must have, and that TLS asks for (SNI). */
  readonly serverName: string;
  /** Whether any certificate will do. */
  readonly insecure: boolean;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** Called when the TCP connection stands, before TLS is negotiated. */
  onConnected(): void;
}

/**
 * Connects to the address of a URL. A certificate is verified before anything is sent. No proxy is
 * used, whatever the environment says: the socket is to be httpd's own.
 */
export function connectTo(url: URL, options: StatusConnectionOptions): Promise<Socket> {
  const { signal } = options;
  const isSecure = url.protocol === "https:";
  const host = bareHost(url.hostname);
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = isSecure
      ? connectTls({ host, port, ...tlsOptions(options) })
      : connectTcp({ host, port });
    const onAbort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", reject);
    socket.once("close", () => signal.removeEventListener("abort", onAbort));
    socket.once("connect", options.onConnected);
    socket.once(isSecure ? "secureConnect" : "connect", () => resolve(socket));
  });
}

function tlsOptions({ serverName, insecure }: StatusConnectionOptions) {
  const name = bareHost(serverName);
  return {
    // An IP address is no name that SNI could ask for (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : "",
    rejectUnauthorized: !insecure,
    checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(name, certificate),
  };
}

/** IPv6 without its brackets. */
function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

/** The addresses of a socket; `undefined` where the peer has closed it already. */
export function connectionOf(socket: Socket): StatusConnection | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { localAddress, localPort, remoteAddress, remotePort };
}
