import { createServer, type Server as HttpServer } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import {
  createServer as createTlsServer,
  type TLSSocket,
  type Server as TlsServer,
} from "node:tls";
import { refuseCertificate } from "./client-certificate.js";
import { ConnectionTable } from "./connection-table.js";
import type { RequestHandler } from "./request-handler.js";
import type { TlsSettings } from "./tls-settings.js";
import type { WatchedWebConfig } from "./watched-web-config.js";
import type { WebLog } from "./web-log.js";

/** Milliseconds that the headers of a request, and a whole request, may take. */
const HEADERS_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 30_000;
/** Milliseconds between the checks of both. */
const CHECK_INTERVAL = 2_000;
/** Milliseconds that a connection may be idle. Prometheus scrapes each minute or more often. */
const IDLE_TIMEOUT = 120_000;
/** The most requests that a client of HTTP/1.1 may send before it has the answer to the first. */
const MAX_PIPELINED = 8;
/** OpenSSL's error about a client that does not begin with TLS, but with a method of HTTP. */
const PLAIN_HTTP = "ERR_SSL_HTTP_REQUEST";
/** The most requests at once in a connection of HTTP/2. */
const MAX_STREAMS = 32;

/**
 * The servers that connections are handed to: one of TLS if it is on, then one of HTTP/2 or
 * HTTP/1.1. None of them listens, so that several addresses share them, and a new certificate
 * replaces the one of TLS while running answers go on.
 */
export class ProtocolServers {
  readonly #requests: RequestHandler;
  readonly #config: WatchedWebConfig;
  readonly #log: WebLog;
  readonly #table = new ConnectionTable();
  readonly #sessions = new Map<ServerHttp2Session, Socket>();
  /** How many requests of a connection of HTTP/1.1 are being answered. */
  readonly #pipelined = new WeakMap<Socket, number>();
  readonly #http1: HttpServer;
  readonly #http2: Http2Server;
  #tls: { readonly identity: string; readonly server: TlsServer } | undefined;

  constructor(requests: RequestHandler, config: WatchedWebConfig, log: WebLog) {
    this.#requests = requests;
    this.#config = config;
    this.#log = log;
    this.#http1 = this.#createHttp1();
    this.#http2 = this.#createHttp2();
  }

  /** Takes a TCP or unix connection. */
  accept(socket: Socket): void {
    socket.on("error", (error) => this.#broken(error));
    if (!this.#table.add(socket)) return;
    // While the files are wrong, TLS goes on as it was: the answer says what is wrong.
    this.#config.current();
    const { tls } = this.#config.lastGood;
    const server = tls === undefined ? this.#http1 : this.#tlsServer(tls);
    server.emit("connection", socket);
  }

  /** Closes idle connections, and each other one after its answer. */
  startClosing(): void {
    this.#requests.startClosing();
    this.#table.closeIdle();
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Closes everything at once. */
  cut(): void {
    this.#requests.close();
    this.#table.closeAll();
    this.#http1.close();
  }

  #createHttp1(): HttpServer {
    const options = {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: IDLE_TIMEOUT,
      connectionsCheckingInterval: CHECK_INTERVAL,
    };
    const server = createServer(options, (request, response) => {
      const transport = transportOf(request.socket);
      const running = this.#pipelined.get(transport) ?? 0;
      // One packet holds two thousand requests, and Node hands them on all at once.
      if (running >= MAX_PIPELINED) return void transport.destroy();
      this.#pipelined.set(transport, running + 1);
      const begin = () => this.#table.begin(transport);
      void this.#requests.answer(request, response, begin).finally(() => {
        this.#pipelined.set(transport, (this.#pipelined.get(transport) ?? 1) - 1);
      });
    });
    // Starts the checks of timeouts, which begin when a server listens.
    server.emit("listening");
    return server;
  }

  #createHttp2(): Http2Server {
    const server = createHttp2Server({ settings: { maxConcurrentStreams: MAX_STREAMS } });
    server.on("session", (session) => {
      const transport = transportOf(session.socket);
      this.#sessions.set(session, transport);
      session.setTimeout(IDLE_TIMEOUT, () => session.destroy());
      session.on("error", (error) => this.#broken(error));
      session.once("close", () => this.#sessions.delete(session));
    });
    server.on("request", (request, response) => {
      const session = request.stream.session as ServerHttp2Session | undefined;
      const transport = session && this.#sessions.get(session);
      if (transport === undefined) request.stream.destroy();
      else void this.#requests.answer(request, response, () => this.#table.begin(transport));
    });
    return server;
  }

  /** The TLS server of these settings. An earlier one keeps the connections that it has. */
  #tlsServer(settings: TlsSettings): TlsServer {
    if (this.#tls?.identity === settings.identity) return this.#tls.server;
    const server = createTlsServer(settings.options, (socket) => {
      const why = refuseCertificate(socket, settings);
      if (why !== undefined) {
        this.#log({ level: "debug", message: "a client was refused", error: why });
        socket.destroy();
        return;
      }
      const next = socket.alpnProtocol === "h2" ? this.#http2 : this.#http1;
      next.emit("connection", socket);
    });
    server.on("tlsClientError", (error, socket) => {
      if ((error as NodeJS.ErrnoException).code === PLAIN_HTTP) this.#refusePlainHttp(socket);
      else this.#broken(error);
      socket.destroy();
    });
    this.#tls = { identity: settings.identity, server };
    return server;
  }

  /** Answers as Go's servers do. The few bytes are with the system before the socket is closed. */
  #refusePlainHttp(socket: TLSSocket): void {
    this.#log({ level: "debug", message: "a client sent plain HTTP to the port of HTTPS" });
    const text = "Client sent an HTTP request to an HTTPS server.\n";
    transportOf(socket).write(`HTTP/1.0 400 Bad Request\r\n\r\n${text}`);
  }

  #broken(error: Error): void {
    this.#log({ level: "debug", message: "a connection broke", error: error.message });
  }
}

/** The TCP or unix socket below a TLS socket, which Node does not document; any other socket itself. */
function transportOf(socket: object): Socket {
  const { _parent: parent } = socket as { _parent?: Socket };
  return parent ?? (socket as Socket);
}
