export { type DuplexStreams, gatewayFetchOver } from "./client/fetch-over.js";
export type { GatewayResponse } from "./client/gateway-response.js";
export type { FetchOptions, FilterData } from "./client/send-request.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export { ProtocolStatus, Role } from "./fastcgi/protocol.js";
export { statusOver } from "./phpfpm/status-over.js";
export { type PoolStatus, ProcessState, type ProcessStatus } from "./status-page/pool-status.js";
export { parseStatusPage } from "./status-page/read-page.js";
