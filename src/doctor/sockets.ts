import { readFile } from "node:fs/promises";
import type { SocketEndpoint } from "../address.js";
import { withoutBrackets } from "../address.js";
import { realPath } from "../discovery/php-fpm/masters.js";
import { hexToAddress, listenersAt, type TcpRow, tcpRows } from "../transport/tcp-table.js";

/** A socket of a process, by the kernel's tables. */
export interface OpenSocket {
  /** The path of a unix socket that is bound, also of a connection to it on its server's side. */
  readonly path: string | undefined;
  /** The local port of TCP. */
  readonly port: number | undefined;
  /** The other side of TCP: `127.0.0.1:3306`. */
  readonly remote: string | undefined;
}

/** /proc/net/unix: the flags of a socket that listens. */
const LISTENING = "00010000";
/** The longest table that is read, in bytes: about 200,000 sockets. */
const MAX_TABLE = 16_777_216;

/** The sockets of this network namespace by their inodes, at one moment. */
export class SocketTable {
  readonly #sockets = new Map<string, OpenSocket>();
  readonly #listening = new Map<string, string>();
  readonly #tcp: { tcp: string; tcp6: string };

  private constructor(unix: string, tcp: string, tcp6: string) {
    this.#tcp = { tcp, tcp6 };
    for (const line of unix.split("\n").slice(1)) {
      const [, , , flags, , , inode, ...path] = line.split(/ +/);
      if (inode === undefined) continue;
      const name = path.join(" ") || undefined;
      this.#sockets.set(inode, { path: name, port: undefined, remote: undefined });
      if (flags === LISTENING && name !== undefined) this.#listening.set(realName(name), inode);
    }
    for (const row of [...tcpRows(tcp), ...tcpRows(tcp6)]) {
      if (/^[1-9]/.test(row.inode)) this.#sockets.set(row.inode, tcpSocket(row));
    }
  }

  /** Reads the tables. One that cannot be read is empty. */
  static async read(): Promise<SocketTable> {
    const [unix = "", tcp = "", tcp6 = ""] = await Promise.all(
      ["/proc/net/unix", "/proc/net/tcp", "/proc/net/tcp6"].map(tableText),
    );
    return new SocketTable(unix, tcp, tcp6);
  }

  at(inode: string): OpenSocket | undefined {
    return this.#sockets.get(inode);
  }

  /** The inodes of the sockets that listen at an address. */
  listeners(endpoint: SocketEndpoint): readonly string[] {
    if ("port" in endpoint) {
      const host = withoutBrackets(endpoint.host);
      return listenersAt(this.#tcp, host === "localhost" ? "127.0.0.1" : host, endpoint.port);
    }
    const { socketPath } = endpoint;
    const name = socketPath.startsWith("\0") ? `@${socketPath.slice(1)}` : realPath(socketPath);
    const inode = this.#listening.get(name);
    return inode === undefined ? [] : [inode];
  }
}

const realName = (name: string): string => (name.startsWith("/") ? realPath(name) : name);

function tcpSocket({ port, remote }: TcpRow): OpenSocket {
  const [hex = "", remotePort = ""] = remote.split(":");
  const other = Number.parseInt(remotePort, 16);
  return {
    path: undefined,
    port,
    remote: other === 0 ? undefined : `${hexToAddress(hex)}:${other}`,
  };
}

async function tableText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    return bytes.length > MAX_TABLE ? "" : bytes.toString("utf8");
  } catch {
    return "";
  }
}
