import type { Context, Handler, HandlerLike } from "./handler.js";
import { handlerOf } from "./handler.js";
import type { PoolCounters } from "./pool-counters.js";
import { PoolSlots } from "./pool-slots.js";
import { type GatewayServer, type ServeOptions, serve } from "./serve.js";
import { statusFormatOf, statusMediaTypes, statusPage } from "./status-page.js";

export interface ServePoolOptions extends ServeOptions {
  /** Requests that run at once; further ones wait. Default 8. */
  slots?: number | undefined;
  /** Default `embedded`: that this pool is in one process of Node's, and not PHP-FPM's. */
  name?: string | undefined;
  /** Default `/status`. */
  statusPath?: string | undefined;
  /** Default `/ping`. */
  pingPath?: string | undefined;
  /** Milliseconds from which on a request counts as slow. Default 0: none does. */
  slowAfter?: number | undefined;
}

export interface PoolServer extends GatewayServer {
  readonly counters: PoolCounters;
}

/**
 * Serves a handler as {@link serve} does, with PHP-FPM's status and ping pages of what it is doing.
 *
 * Each of its slots is shown as a process, all with the one pid that they have; requests that wait
 * for a slot are its listen queue. The pages take no slot and are not counted, as those of
 * PHP-FPM's `pm.status_listen` are not: a pool that is saturated still tells so.
 */
export async function servePool(
  application: HandlerLike,
  options: ServePoolOptions,
): Promise<PoolServer> {
  const pool = new EmbeddedPool(handlerOf(application), options);
  const server = await serve(pool.handler, options);
  return Object.defineProperty(server, "counters", { get: () => pool.counters }) as PoolServer;
}

class EmbeddedPool {
  readonly #application: Handler;
  readonly #options: ServePoolOptions;
  readonly #slots: PoolSlots;
  readonly #startTime = Date.now();
  #accepted = 0;
  #slow = 0;

  constructor(application: Handler, options: ServePoolOptions) {
    this.#application = application;
    this.#options = options;
    this.#slots = new PoolSlots(options.slots ?? 8, process.pid);
  }

  readonly handler: Handler = (request, context) => {
    const { statusPath = "/status", pingPath = "/ping" } = this.#options;
    const path = context.variables.get("SCRIPT_NAME");
    if (path === statusPath) return this.#status(context.variables.get("QUERY_STRING") ?? "");
    if (path === pingPath) return page("pong", statusMediaTypes.text);
    return this.#run(request, context);
  };

  get counters(): PoolCounters {
    const slots = this.#slots;
    return {
      pool: this.#options.name ?? "embedded",
      processManager: "static",
      startTime: this.#startTime,
      now: Date.now(),
      acceptedConn: this.#accepted,
      listenQueue: slots.waiting,
      maxListenQueue: slots.maxWaiting,
      listenQueueLen: Math.max(0, (this.#options.maxRequests ?? 1_024) - slots.all.length),
      idleProcesses: slots.all.length - slots.active,
      activeProcesses: slots.active,
      maxActiveProcesses: slots.maxActive,
      maxChildrenReached: slots.exhausted,
      slowRequests: this.#slow,
      processes: slots.all.map((slot) => slot.counters),
    };
  }

  #status(query: string): Response {
    const { format, full } = statusFormatOf(query);
    return page(statusPage(this.counters, format, full), statusMediaTypes[format]);
  }

  async #run(request: Request, context: Context): Promise<Response> {
    this.#accepted += 1;
    const slot = await this.#slots.take();
    if (context.signal.aborted) {
      this.#slots.give(slot);
      throw context.signal.reason;
    }
    slot.begin(context.variables);
    void context.finished.then(() => {
      const { slowAfter = 0 } = this.#options;
      if (slot.end() >= slowAfter && slowAfter > 0) this.#slow += 1;
      this.#slots.give(slot);
    });
    return this.#application(request, context);
  }
}

function page(body: string, mediaType: string): Response {
  return new Response(body, {
    headers: {
      "content-type": mediaType,
      expires: "Thu, 01 Jan 1970 00:00:00 GMT",
      "cache-control": "no-cache, no-store, must-revalidate, max-age=0",
    },
  });
}
