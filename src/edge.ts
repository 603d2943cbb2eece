/** The door for runtimes without Node: one request over an open connection. */

export { type ClientProtocol, Protocol } from "./address.js";
export type { RequestEnd } from "./cgi/client-machine.js";
export type { VariableValue } from "./cgi/variables.js";
export type { RequestVariablesOptions } from "./cgi/variables-from-request.js";
export type { ClientMachineOptions } from "./client/client-machines.js";
export { type DuplexStreams, gatewayFetchOver } from "./client/fetch-over.js";
export type { GatewayResponse, ReceiverOptions } from "./client/response-receiver.js";
export type { FetchOptions, FilterData, SendOptions } from "./client/send-request.js";
export type { Engine, EngineName } from "./engine/engine.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export { ProtocolStatus, Role } from "./fastcgi/protocol.js";
export type { Limits } from "./limits.js";
export { type FetchPageOptions, type StatusPageOptions, statusOver } from "./phpfpm/fetch-page.js";
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
