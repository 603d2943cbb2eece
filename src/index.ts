/** The main door: requests to any backend, and the status of PHP-FPM pools. */

export {
  type Address,
  type ClientProtocol,
  type PathExists,
  Protocol,
  parseAddress,
  type SocketEndpoint,
} from "./address.js";
export type { RequestEnd } from "./cgi/client-machine.js";
export {
  defaultNoScripts,
  type FrontControllerOptions,
  type ScriptExists,
} from "./cgi/front-controller.js";
export type { VariableValue } from "./cgi/variables.js";
export type { RequestVariablesOptions, VariablesInit } from "./cgi/variables-from-request.js";
export type { ClientMachineOptions } from "./client/client-machines.js";
export { type ConnectOptions, keepConnections } from "./client/connect.js";
export { type ClientOptions, createClient, type GatewayClient } from "./client/create-client.js";
export { gatewayFetch } from "./client/fetch.js";
export type { GatewayFetchInit, GatewayFetchOptions } from "./client/fetch-options.js";
export {
  type FetchHandler,
  type RequestPeer,
  toFetchHandler,
} from "./client/front-end/fetch-handler.js";
export type { FrontEndInit, FrontEndOptions } from "./client/front-end/front-end.js";
export {
  type NodeHandler,
  type NodeHandlerRequest,
  type NodeHandlerResponse,
  toNodeHandler,
} from "./client/front-end/node-handler.js";
export { getValues, type ValuesOptions } from "./client/get-values.js";
export type { KeepOptions, KeptConnections } from "./client/kept-connections.js";
export type { ProgramOptions } from "./client/program-channel.js";
export type { GatewayResponse, ReceiverOptions } from "./client/response-receiver.js";
export type { FetchOptions, FilterData, SendOptions } from "./client/send-request.js";
export { type UwsgiPingOptions, uwsgiPing } from "./client/uwsgi-ping.js";
export type { Engine, EngineName } from "./engine/engine.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export { ProtocolStatus, Role } from "./fastcgi/protocol.js";
export { type FleetOptions, type FleetResult, type Probe, probeAll } from "./fleet/probe.js";
export type { RetryOptions } from "./fleet/retry.js";
export type { FleetTargets } from "./fleet/target-reader.js";
export { defaultLimits, type Limits } from "./limits.js";
export type { FetchPageOptions, StatusPageOptions } from "./phpfpm/fetch-page.js";
export {
  fetchStatusPage,
  fleet,
  type PingOptions,
  type PoolFleetOptions,
  type PoolResult,
  ping,
  type StatusOptions,
  status,
} from "./phpfpm/status.js";
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
  processState,
  type StatusJson,
} from "./status-page/pool-status.js";
export { type ParseStatusPageOptions, parseStatusPage } from "./status-page/read-page.js";
export type { StatusFormat } from "./status-page/write-page.js";
export type { SocketOptions, Trace } from "./transport/connection.js";
