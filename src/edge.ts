export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export { ProtocolStatus, Role } from "./fastcgi/protocol.js";
export { type DuplexStreams, gatewayFetchOver } from "./gateway/fetch-over.js";
export type { FetchOptions, FilterData } from "./gateway/fetch-through.js";
export type { GatewayResponse } from "./gateway/gateway-response.js";
export { parseStatusPage } from "./phpfpm/page.js";
export { type PoolStatus, ProcessState, type ProcessStatus } from "./phpfpm/pool-status.js";
export { statusOver } from "./phpfpm/status-over.js";
