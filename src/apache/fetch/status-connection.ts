import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls } from "node:tls";
import { withoutBrackets } from "../../address.js";

/** The addresses of the connection that a page was fetched over, in the form of `node:net`. */
export interface StatusConnection {
  /** Our address. */
  readonly localAddress: string;
  /** Our port. */
  readonly localPort: number;
  /** The server's address. */
  readonly remoteAddress: string;
  /** The server's port. */
  readonly remotePort: number;
}

export interface StatusConnectionOptions {
  /** The name that is sent for SNI, and that the certificate must have. */
  readonly serverName: string;
  /** Whether to accept any certificate. */
  readonly insecure: boolean;
  /** Cancels the attempt. */
  readonly signal: AbortSignal;
  /** Called when the TCP connection is established, before TLS is negotiated. */
  onConnected(): void;
}

/**
 * Connects to the address of a URL. The certificate is verified before a request is sent. Proxies
 * of the environment are not used: the peer must be httpd itself.
 */
export function connectTo(url: URL, options: StatusConnectionOptions): Promise<Socket> {
  const { signal } = options;
  const isSecure = url.protocol === "https:";
  const host = withoutBrackets(url.hostname);
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
  const name = withoutBrackets(serverName);
  return {
    // SNI does not allow IP addresses (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : "",
    rejectUnauthorized: !insecure,
    checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(name, certificate),
  };
}

/** The addresses of a socket; `undefined` if the peer has already closed it. */
export function connectionOf(socket: Socket): StatusConnection | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { localAddress, localPort, remoteAddress, remotePort };
}
