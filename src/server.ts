/** The package's door for servers. */

export {
  type Address,
  type ClientProtocol,
  type ListenAddress,
  Protocol,
  type SocketEndpoint,
} from "./address.js";
export type { ServerRole } from "./cgi/server-machine.js";
export { type Variable, Variables, type VariableValue } from "./cgi/variables.js";
export { type BridgeOptions, bridge } from "./client/bridge.js";
export type { ConnectOptions } from "./client/connect.js";
export type { ProgramOptions } from "./client/program-channel.js";
export type { Engine, EngineName } from "./engine/engine.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export type { Limits } from "./limits.js";
export type { CustomType, OptionValue } from "./pool/option-types.js";
export {
  type OptionalPoolOptions,
  PoolMode,
  type PoolOptions,
  ProcessManager,
  type poolOptions,
  type RequiredPoolOptions,
  type WorkerServeOptions,
} from "./pool/options.js";
export type { Pool } from "./pool/pool.js";
export { controlBySignals } from "./pool/pool.js";
export { startPool } from "./pool/start-pool.js";
export type { WsgiEnviron } from "./server/adapters/wsgi.js";
export {
  fromWsgi,
  type StartResponse,
  type WsgiApplication,
  type WsgiResult,
} from "./server/adapters/wsgi.js";
export type { WsgiChunk } from "./server/adapters/wsgi-response.js";
export type { Application } from "./server/application.js";
export type {
  Context,
  ErrorStream,
  Handler,
  HandlerLike,
  StreamsHandler,
} from "./server/handler.js";
export { compose, handlerOf, type Middleware } from "./server/handler.js";
export type { ServeOptions } from "./server/options.js";
export type { ConnectionContext, ConnectionHandler } from "./server/raw-connection.js";
export type { GatewayServer, ServerCounts } from "./server/serve.js";
export { serve } from "./server/serve.js";
export { type ServeCgiOptions, serveCgi } from "./server/serve-cgi.js";
export type { ServingOptions } from "./server/serving-options.js";
export { showVariables } from "./server/show-variables.js";
export type { FieldMetric, poolFields, processFields } from "./status-page/fields.js";
export type {
  FieldCounters,
  PoolCounters,
  ProcessCounters,
  StatusFormat,
} from "./status-page/write-page.js";
export { renderStatusPage, statusFormatOf, statusMediaTypes } from "./status-page/write-page.js";
export type { SocketOptions, Trace } from "./transport/connection.js";
export type { Environment } from "./transport/environment.js";
export type { ListenOptions } from "./transport/listen.js";
export type { ListenTarget } from "./transport/listen-address.js";
export { inheritedListener } from "./transport/listen-address.js";
export type { SocketPermissionOptions } from "./transport/socket-permissions.js";
