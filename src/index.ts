export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export { ProtocolStatus, Role } from "./fastcgi/protocol.js";
export type { PoolResult } from "./fleet/fleet.js";
export { fleet } from "./fleet/fleet.js";
export type { FleetResult, Probe, ProbeOptions } from "./fleet/probe.js";
export { type FleetOptions, probeAll } from "./fleet/probe-all.js";
export { keepConnections, parseAddress } from "./gateway/connector.js";
export { type GatewayFetchOptions, gatewayFetch } from "./gateway/fetch.js";
export type { FilterData } from "./gateway/fetch-through.js";
export type { GatewayResponse } from "./gateway/gateway-response.js";
export type { KeepOptions, KeptConnections } from "./gateway/kept-connections.js";
export type { ProgramOptions } from "./gateway/program-channel.js";
export { type UwsgiPingOptions, uwsgiPing } from "./gateway/uwsgi-ping.js";
export { getValues, type ValuesOptions } from "./gateway/values.js";
export { defaultLimits, type Limits } from "./limits.js";
export { parseStatusPage } from "./phpfpm/page.js";
export {
  type PoolStatus,
  ProcessState,
  type ProcessStatus,
  processState,
} from "./phpfpm/pool-status.js";
export { ping, type StatusOptions, status, statusPage } from "./phpfpm/status.js";
export type { StatusFormat } from "./phpfpm/status-query.js";
export type { Address } from "./transport/address.js";
