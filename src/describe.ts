/**
 * Captured bytes as lines for people to read, which `fcgi-probe decode` prints. It does no I/O, and
 * runs in every JavaScript runtime.
 */
export type { CapturedProtocol } from "./capture/capture.js";
export { createDescriber } from "./describe/create-describer.js";
export type { Describer } from "./describe/describer.js";
export type { DescriberOptions } from "./describe/recognise.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
