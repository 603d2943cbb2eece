import type { Server } from "node:net";
import { ErrorCode, GatewayError } from "../errors.js";
import { addressOf, listenOn } from "../transport/listen.js";
import { parseListenAddress } from "../transport/listen-address.js";
import { ProtocolServers } from "./protocol-servers.js";
import { RequestHandler, type WebHandler } from "./request-handler.js";
import { takeSystemdSockets } from "./systemd.js";
import { WatchedWebConfig } from "./watched-web-config.js";
import { readWebConfig } from "./web-config.js";
import type { WebLog } from "./web-log.js";

/** Milliseconds that running answers may take when the listener closes. */
const GRACE = 1_000;

export interface ListenWebOptions {
  /**
   * Where to listen: `:9253`, `127.0.0.1:0`, `[::1]:9253`, `unix:/run/exporter.sock`. Not used with
   * `systemdSocket`.
   */
  readonly listen: readonly string[];
  /** Whether to listen on the sockets that systemd has passed. Default: false. */
  readonly systemdSocket?: boolean | undefined;
  /** Prometheus' web configuration file. Default: plain HTTP without passwords. */
  readonly webConfigFile?: string | undefined;
  /** Takes records of what goes wrong. Default: nothing is logged. */
  readonly log?: WebLog | undefined;
}

/** A running listener. */
export interface WebListener {
  /** Where it listens: `127.0.0.1:9253`, `[::]:9253`, `unix:/run/exporter.sock`. */
  readonly addresses: readonly string[];
  /** Whether it speaks TLS now. */
  readonly isTls: boolean;
  /**
   * Stops listening, closes idle connections, and cuts what is still being answered after `grace`
   * milliseconds.
   *
   * @param grace default: 1,000
   */
  close(grace?: number): Promise<void>;
}

/**
 * Serves a Fetch handler by HTTP/1.1, and by HTTPS and HTTP/2 where the web configuration has a
 * certificate.
 *
 * @throws GatewayError `bad_input` for a wrong web configuration; `bad_address` and
 * `permission_denied`, with the address, when it cannot listen
 */
export async function listenWeb(
  handler: WebHandler,
  { listen, systemdSocket = false, webConfigFile, log = () => {} }: ListenWebOptions,
): Promise<WebListener> {
  const config = new WatchedWebConfig(webConfigFile, log);
  const targets = systemdSocket ? takeSystemdSockets() : listen.map(webAddress);
  const servers = new ProtocolServers(new RequestHandler(handler, config, log), config, log);
  const listeners: Server[] = [];
  const addresses: string[] = [];
  try {
    for (const target of targets) {
      const server = await listenOn(target);
      listeners.push(server);
      server.on("connection", (socket) => servers.accept(socket));
      server.on("error", (error) => {
        log({ level: "error", message: "cannot accept a connection", error: error.message });
      });
      addresses.push(addressOf(server, target));
    }
  } catch (error) {
    for (const server of listeners) server.close();
    servers.cut();
    throw error;
  }
  return {
    addresses,
    get isTls() {
      return config.lastGood.tls !== undefined;
    },
    async close(grace = GRACE) {
      const closed = Promise.all(
        listeners.map((server) => new Promise<void>((done) => server.close(() => done()))),
      );
      servers.startClosing();
      const timer = setTimeout(() => servers.cut(), grace);
      await closed;
      clearTimeout(timer);
      servers.cut();
    },
  };
}

/**
 * Checks a web configuration file.
 *
 * @throws GatewayError `bad_input` with all errors, a line each: `web.yml:3:5: unknown key "cert"`
 */
export function checkWebConfig(file: string): void {
  readWebConfig(file);
}

/**
 * Checks an address of {@link ListenWebOptions.listen} without listening there.
 *
 * @throws GatewayError `bad_address`
 */
export function checkListenAddress(text: string): void {
  webAddress(text);
}

function webAddress(text: string) {
  if (/^vsock:/i.test(text)) {
    throw new GatewayError(ErrorCode.BadAddress, `${text} is a vsock address, which Node has not`, {
      address: text,
      hint: "listen on a unix socket, and lead vsock to it with socat",
    });
  }
  return parseListenAddress(text);
}
