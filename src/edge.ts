/** The door for runtimes without Node: clients and servers over a connection that is already open. */

export { type ClientProtocol, Protocol } from "./address.js";
export type { RequestEnd } from "./cgi/client-machine.js";
export type { ServerRole } from "./cgi/server-machine.js";
export { type Variable, Variables, type VariableValue } from "./cgi/variables.js";
export type { RequestVariablesOptions, VariablesInit } from "./cgi/variables-from-request.js";
export type { ClientMachineOptions } from "./client/client-machines.js";
export { type DuplexStreams, gatewayFetchOver } from "./client/fetch-over.js";
export type { GatewayResponse, ReceiverOptions } from "./client/response-receiver.js";
export type { FetchOptions, FilterData, SendOptions } from "./client/send-request.js";
export type { Engine, EngineName } from "./engine/engine.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export { ProtocolStatus, Role } from "./fastcgi/protocol.js";
export type { Limits } from "./limits.js";
export { type FetchPageOptions, type StatusPageOptions, statusOver } from "./phpfpm/fetch-page.js";
export type {
  Context,
  ErrorStream,
  Handler,
  HandlerLike,
  StreamsHandler,
} from "./server/handler.js";
export { compose, handlerOf, type Middleware } from "./server/handler.js";
export { type ServeOverOptions, serveOver } from "./server/serve-over.js";
export type { ServingOptions } from "./server/serving-options.js";
export type { AcceptedStreams } from "./server/stream-peer.js";
export type { FieldMetric, poolFields, processFields } from "./status-page/fields.js";
export {
  type OtherField,
  type PoolStatus,
  type PoolStatusFields,
  type PoolStatusJson,
  ProcessState,
  type ProcessStatus,
  type ProcessStatusFields,
  type ProcessStatusJson,
  type StatusJson,
} from "./status-page/pool-status.js";
export { type ParseStatusPageOptions, parseStatusPage } from "./status-page/read-page.js";
export type { StatusFormat } from "./status-page/write-page.js";
