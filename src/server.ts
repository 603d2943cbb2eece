/** The package's door for servers. */

export type { ServerRole } from "./cgi/server-machine.js";
export type { Variable, VariableValue } from "./cgi/variable.js";
export { Variables } from "./cgi/variables.js";
export { ErrorCode, GatewayError } from "./errors.js";
export type { Application } from "./gateway/application.js";
export { type BridgeOptions, bridge } from "./gateway/bridge.js";
export { compose, type Middleware } from "./gateway/compose.js";
export {
  fromWsgi,
  type StartResponse,
  type WsgiApplication,
  type WsgiResult,
} from "./gateway/from-wsgi.js";
export type { GatewayServer, ServerCounts } from "./gateway/gateway-server.js";
export type {
  Context,
  ErrorStream,
  Handler,
  HandlerLike,
  StreamsHandler,
} from "./gateway/handler.js";
export { handlerOf } from "./gateway/handler.js";
export { makeFetchLazy } from "./gateway/lazy-fetch.js";
export type { ListenTarget } from "./gateway/node-listener.js";
export { inheritedListener } from "./gateway/node-listener.js";
export type { PoolCounters, ProcessCounters } from "./gateway/pool-counters.js";
export { PoolMode, type PoolOptions, ProcessManager } from "./gateway/prefork/options.js";
export type { Pool } from "./gateway/prefork/pool.js";
export { controlBySignals } from "./gateway/prefork/signals.js";
export { startPool } from "./gateway/prefork/start-pool.js";
export type { ConnectionContext, ConnectionHandler } from "./gateway/raw-connection.js";
export { serve } from "./gateway/serve.js";
export { type ServeCgiOptions, serveCgi } from "./gateway/serve-cgi.js";
export type { ServeOptions } from "./gateway/serve-options.js";
export { showVariables } from "./gateway/show-variables.js";
export type { StatusFormat } from "./gateway/status-page.js";
export { statusFormatOf, statusMediaTypes, statusPage } from "./gateway/status-page.js";
export type { WsgiEnviron } from "./gateway/wsgi-environ.js";
export type { WsgiChunk } from "./gateway/wsgi-response.js";
export type { Limits } from "./limits.js";
