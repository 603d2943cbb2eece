import type { Socket } from "node:net";
import { BasicAuth } from "./basic-auth.js";
import {
  cut,
  fetchRequest,
  type NodeRequest,
  type NodeResponse,
  readBody,
  sendResponse,
} from "./http-exchange.js";
import { TokenBucket } from "./token-bucket.js";
import type { WatchedWebConfig } from "./watched-web-config.js";
import type { WebConfig } from "./web-config.js";
import type { WebLog } from "./web-log.js";

/** The most requests that are answered at once: each holds up to half a megabyte of its answer. */
const MAX_RUNNING = 1_024;

/** A Fetch handler. */
export type WebHandler = (request: Request) => Response | Promise<Response>;

/** Answers requests: the rate limit first, then the password, then the handler. */
export class RequestHandler {
  readonly #handler: WebHandler;
  readonly #config: WatchedWebConfig;
  readonly #log: WebLog;
  readonly #auth = new BasicAuth();
  readonly #bucket = new TokenBucket();
  readonly #running = new Set<AbortController>();
  #isClosing = false;

  constructor(handler: WebHandler, config: WatchedWebConfig, log: WebLog) {
    this.#handler = handler;
    this.#config = config;
    this.#log = log;
  }

  /** Asks for answers to be the last ones of their connections. */
  startClosing(): void {
    this.#isClosing = true;
  }

  /** Aborts the requests that still run. */
  close(): void {
    for (const controller of this.#running) controller.abort();
    this.#auth.close();
  }

  /**
   * Answers a request.
   *
   * @param begin counts the connection as busy, see {@link ConnectionTable}
   */
  async answer(
    request: NodeRequest,
    response: NodeResponse,
    begin: () => () => void,
  ): Promise<void> {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    response.on("close", abort);
    response.on("error", abort);
    this.#running.add(controller);
    // A body that is sent slowly must not make a connection busy.
    let end = hasBody(request) ? undefined : begin();
    try {
      const config = this.#config.current();
      const headers = config?.headers ?? this.#config.lastGood.headers;
      const refused = await this.#refuse(request, config, controller.signal);
      const body = refused === undefined ? await readBody(request) : undefined;
      end ??= begin();
      const answer = refused ?? (await this.#handled(request, body, controller.signal));
      const isLast = this.#isClosing || body === undefined;
      if (isLast && request.httpVersionMajor === 1) response.setHeader("connection", "close");
      if (!response.destroyed) await sendResponse(answer, request, response, headers);
      else await answer.body?.cancel();
    } catch (error) {
      await this.#failed(error, request, response);
    } finally {
      response.off("close", abort);
      this.#running.delete(controller);
      end?.();
    }
  }

  /** The answer to a request that may not pass. */
  async #refuse(
    { headers }: NodeRequest,
    config: WebConfig | undefined,
    signal: AbortSignal,
  ): Promise<Response | undefined> {
    if (config === undefined) return plain(500, "the web configuration is wrong: see the log");
    if (!this.#bucket.take(config.rateLimit)) return plain(429, "too many requests");
    if (config.users.size === 0) return undefined;
    const verdict = await this.#auth.check(headers.authorization, config.users, signal);
    if (verdict === "busy")
      return plain(503, "too many passwords to check", { "retry-after": "5" });
    if (verdict === "right") return undefined;
    return plain(401, "Unauthorized", { "www-authenticate": "Basic" });
  }

  async #handled(
    request: NodeRequest,
    body: Buffer<ArrayBuffer> | undefined,
    signal: AbortSignal,
  ): Promise<Response> {
    if (this.#running.size > MAX_RUNNING)
      return plain(503, "too many requests at once", { "retry-after": "5" });
    if (body === undefined)
      return plain(413, "the body is longer than 64 KiB, or comes too slowly");
    const scheme = "encrypted" in (request.socket as Socket) ? "https" : "http";
    const asked = fetchRequest(request, { scheme, body, signal });
    return asked === undefined ? plain(400, "Bad Request") : await this.#handler(asked);
  }

  async #failed(error: unknown, request: NodeRequest, response: NodeResponse): Promise<void> {
    // Nobody waits for the answer of a request that was cut.
    if (response.destroyed) return;
    this.#log({
      level: "error",
      message: `cannot answer ${request.method} ${String(request.url).split("?")[0]}`,
      error: error instanceof Error ? error.message : String(error),
    });
    if (response.headersSent) return cut(response);
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    const answer = plain(500, "Internal Server Error");
    await sendResponse(answer, request, response, []).catch(() => cut(response));
  }
}

function hasBody({ headers }: NodeRequest): boolean {
  return Number(headers["content-length"] ?? 0) > 0 || "transfer-encoding" in headers;
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  const type = "text/plain; charset=utf-8";
  return new Response(`${text}\n`, { status, headers: { "content-type": type, ...headers } });
}
